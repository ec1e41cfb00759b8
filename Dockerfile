# convrec with its page, its HTTP API and its MCP server: `docker build -t convrec .`; docs/deploy.md says how to run it.

FROM python:3.11.14-slim-bookworm AS base
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

FROM base AS wheel
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

# What convrec and its Postgres need, without convrec: this layer is large, and stays as it is while only our own code changes.
FROM base AS packages
# torch for processors; https://download.pytorch.org/whl/cu129 has one for NVIDIA's.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /source
COPY pyproject.toml constraints.txt ./
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --no-deps --constraint constraints.txt --index-url "$TORCH_INDEX" torch \
 && python -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
    print(*project["dependencies"], *project["optional-dependencies"]["postgres"], sep="\n")' > requirements.txt \
 && /venv/bin/pip install --no-cache-dir --constraint constraints.txt --requirement requirements.txt

FROM base
RUN groupadd --gid 10001 convrec \
 && useradd --uid 10001 --gid 10001 --create-home --shell /usr/sbin/nologin convrec \
 && install --directory --owner convrec --group convrec --mode 700 /data
COPY --from=packages /venv /venv
RUN --mount=type=bind,from=wheel,source=/dist,target=/dist \
    /venv/bin/pip install --no-cache-dir --no-deps --no-index /dist/*.whl

# Nothing is written but the data folder and /tmp, so that the root may be read-only. A container has no other server
# on its own loopback, so none is looked for there. onnxruntime would tell its makers that it runs.
ENV PATH=/venv/bin:$PATH \
    CONVREC_HOME=/data \
    CONVREC_LLM__DISCOVER=false \
    GRADIO_TEMP_DIR=/tmp/gradio \
    HF_HOME=/data/huggingface \
    MPLCONFIGDIR=/tmp/matplotlib \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

# A number, because Kubernetes cannot tell from a name that it is not root.
USER 10001:10001
# The index of the catalogue that ships: a fresh named volume begins with it. Where /data is another folder, it is
# built when the container starts (40 seconds on two cores), which is what the health check's start period is for.
RUN convrec catalog index
VOLUME /data
EXPOSE 8090
HEALTHCHECK --interval=10s --timeout=5s --start-period=180s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8090, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["convrec"]
CMD ["serve", "--host", "0.0.0.0"]
