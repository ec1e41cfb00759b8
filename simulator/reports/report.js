// Dialogues to read and filter. They come as JSON and become elements by textContent alone: nothing in them is ever markup.
"use strict";
(() => {
  const data = document.getElementById("data");
  if (!data) return;
  const dialogues = JSON.parse(data.textContent);
  data.remove();
  const AT_ONCE = 20;
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const fields = form.elements;
  let found = dialogues;
  let page = 0;

  const make = (tag, look, text) => {
    const made = document.createElement(tag);
    if (look) made.className = look;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const wordsOf = (one) => {
    // Written down once a search asks for it, not before.
    one.words ??= [
      ...(one.revealed ?? []), ...(one.hidden ?? []), one.note ?? "",
      ...(one.rounds ?? []).flatMap((r) => [r.text, r.reply ?? "", ...(r.items ?? []).map((i) => i.title), ...(r.faults ?? [])]),
    ].join("\n").toLowerCase();
    return one.words;
  };

  const choices = (name) => {
    const counts = new Map();
    for (const one of dialogues) counts.set(one[name], (counts.get(one[name]) ?? 0) + 1);
    const names = name === "system" ? [...counts.keys()] : [...counts.keys()].sort();
    for (const value of names) {
      const option = make("option", "", `${value} (${counts.get(value)})`);
      option.value = value;
      fields[name].append(option);
    }
  };

  // Replies mark titles with two asterisks.
  const said = (text, look) => {
    const box = make("div", `said ${look}`);
    text.split(/\*\*([^*\n]+)\*\*/).forEach((part, place) => box.append(place % 2 ? make("strong", "", part) : part));
    return box;
  };

  const wishes = (title, some, none) => {
    const box = make("div");
    box.append(make("h4", "", title));
    if (!some?.length) {
      box.append(make("p", "empty", none));
      return box;
    }
    const items = make("ul");
    for (const wish of some) items.append(make("li", "", wish));
    box.append(items);
    return box;
  };

  const shownItem = (item) => {
    const row = make("li");
    const gauge = make("div", "gauge");
    const bar = make("i");
    bar.style.width = `${100 * Math.min(Math.max(item.utility, 0), 1)}%`;
    gauge.append(bar, make("span", "", item.utility.toFixed(2)));
    gauge.setAttribute("role", "img");
    gauge.setAttribute("aria-label", `utility ${item.utility.toFixed(2)}`);
    const text = make("div");
    text.append(make("strong", "", item.title));
    for (const mark of item.marks ?? []) text.append(" ", make("span", item.bad && mark === "repeated" ? "tag bad" : "tag", mark));
    if (item.reason) text.append(make("div", "cost", item.reason));
    row.append(gauge, text);
    return row;
  };

  const exchange = (one, turn) => {
    const row = make("div", "round");
    row.append(make("div", "who", `${turn}. user, ${one.act}`), said(one.text || "(leaves without a word)", "user"));
    if (one.leaks?.length) row.append(make("div", "who"), make("div", "faults", `gives away: ${one.leaks.join(", ")}`));
    if (one.answered === false) return row;
    const answer = make("div");
    answer.append(said(one.reply ?? "", ""));
    if (one.items?.length) {
      const items = make("ul", "items");
      for (const item of one.items) items.append(shownItem(item));
      answer.append(items);
    }
    for (const fault of one.faults ?? []) answer.append(make("p", "faults", fault));
    answer.append(make("p", "cost", one.cost ?? ""));
    row.append(make("div", "who", "system"), answer);
    return row;
  };

  const inside = (one) => {
    const box = make("div", "inside");
    if (one.note) box.append(make("p", "", one.note));
    const wanted = make("div", "wishes");
    const person = make("div");
    person.append(make("h4", "", `Persona: ${one.persona}`), make("p", "", one.person));
    person.append(make("p", "", `takes what has a utility of about ${(one.bar ?? 0.5).toFixed(2)}`));
    wanted.append(
      wishes("Says of their own accord", one.revealed, "nothing"), wishes("Says when asked", one.hidden, "nothing"), person,
    );
    box.append(wanted);
    (one.rounds ?? []).forEach((r, place) => box.append(exchange(r, place + 1)));
    const same = make("button", "", "This goal with all systems");
    same.type = "button";
    same.addEventListener("click", () => {
      form.reset();
      fields.goal.value = one.goal;
      update();
      form.scrollIntoView({ block: "start" });
    });
    box.append(same);
    return box;
  };

  const entry = (one) => {
    const talk = make("details", "talk");
    const head = make("summary");
    const turns = (one.rounds ?? []).filter((r) => r.answered !== false).length;
    head.append(
      make("strong", "", one.system),
      make("span", `tag ${one.kind.replace(" ", "-")}`, one.ending),
      make("span", "", `${turns} ${turns === 1 ? "turn" : "turns"}`),
      make("span", "", one.persona),
      make("small", "", one.trial ? `goal ${one.goal}, trial ${one.trial + 1}` : `goal ${one.goal}`),
      make("span", "first", one.rounds?.[0]?.text ?? ""),
    );
    talk.append(head);
    talk.addEventListener("toggle", () => {
      if (talk.open && talk.childElementCount === 1) talk.append(inside(one));
    });
    return talk;
  };

  const show = () => {
    const pages = Math.max(Math.ceil(found.length / AT_ONCE), 1);
    page = Math.min(Math.max(page, 0), pages - 1);
    list.replaceChildren(...found.slice(page * AT_ONCE, (page + 1) * AT_ONCE).map(entry));
    document.getElementById("found").textContent = found.length
      ? `${found.length.toLocaleString("en")} of ${dialogues.length.toLocaleString("en")} dialogues in this page`
      : "No dialogue is like that. Clear a filter to see more.";
    document.getElementById("pages").hidden = pages < 2;
    document.getElementById("page").textContent = `${page + 1} of ${pages}`;
    document.getElementById("earlier").disabled = page === 0;
    document.getElementById("later").disabled = page === pages - 1;
  };

  const update = () => {
    const words = fields.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const goal = fields.goal.value.trim().toLowerCase();
    found = dialogues.filter((one) =>
      ["system", "persona", "ending"].every((name) => !fields[name].value || one[name] === fields[name].value)
      && (!goal || one.goal.toLowerCase().includes(goal))
      && words.every((word) => wordsOf(one).includes(word)));
    page = 0;
    show();
  };

  const turn = (by) => {
    page += by;
    show();
    form.scrollIntoView({ block: "start" });
  };

  ["system", "persona", "ending"].forEach(choices);
  form.hidden = false;
  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("earlier").addEventListener("click", () => turn(-1));
  document.getElementById("later").addEventListener("click", () => turn(1));
  show();
})();
