"""The one dialog of the page: it asks before something is deleted, and for the words that something is to have."""

from .markup import button

DIALOG = (
    '<dialog class="cr-dialog" aria-labelledby="cr-dialog-title"><form method="dialog">'
    '<h2 id="cr-dialog-title"></h2><p class="cr-dialog-told"></p>'
    '<label class="cr-dialog-field"><span></span><textarea rows="2"></textarea></label>'
    '<div class="cr-dialog-buttons"><button type="button" class="cr-button cr-dialog-cancel">Cancel</button>'
    '<button type="submit" class="cr-button cr-strong cr-dialog-do"></button></div></form></dialog>'
    '<div class="cr-told cr-hidden" role="status" aria-live="polite"></div>'
)
"""The dialog, shut, and the place where screen readers are told what happened."""

DIALOG_SCRIPT = """
// A button with data-ask opens the dialog; what it does is done when its reader agrees. Escape closes it.
const dialog = element.querySelector(".cr-dialog");
const part = (name) => dialog.querySelector(name);
const field = part("textarea");
const ask = (button) => {
  const { act: name, value, ask: title, told = "", field: words, text = "", confirm, danger, most } = button.dataset;
  part("h2").textContent = title;
  part(".cr-dialog-told").textContent = told;
  part(".cr-dialog-told").hidden = !told;
  part("label").hidden = words === undefined;
  part("label span").textContent = words ?? "";
  field.required = words !== undefined;
  field.value = text;
  field.maxLength = Number(most) || 400;
  part(".cr-dialog-do").textContent = confirm;
  part(".cr-dialog-do").classList.toggle("cr-danger", danger !== undefined);
  part("form").onsubmit = () => act(name, value, words === undefined ? {} : { text: field.value });
  dialog.showModal();
  if (words === undefined) part(".cr-dialog-cancel").focus();
  else field.select();
};
part(".cr-dialog-cancel").addEventListener("click", () => dialog.close(), { signal });
dialog.addEventListener("pointerdown", (event) => { if (event.target === dialog) dialog.close(); }, { signal });
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  part("form").requestSubmit();
}, { signal });
"""


def asking(
    label: str, act: str, question: str, confirm: str, *, value: str = "", told: str = "", field: str | None = None,
    text: str = "", most: int = 400, danger: bool = False, kind: str = "", icon: str = "", **more: str,
) -> str:  # fmt: skip
    """A button that asks before it acts.

    Args:
        label: its words.
        act: what it does, once its reader agrees.
        question: the dialog's heading.
        confirm: the words of the button that agrees.
        value: what it does it to.
        told: what the reader should know before.
        field: the label of the words that are asked for; None asks for none.
        text: the words as they are now.
        most: how many characters they may have.
        danger: whether something is lost by it.
        kind: its look, a class of style.css.
        icon: an icon's HTML, trusted.
        more: further attributes.
    """
    held = {"data_ask": question, "data_confirm": confirm, "data_told": told, **more}
    if field is not None:
        held |= {"data_field": field, "data_text": text, "data_most": str(most)}
    if danger:
        held["data_danger"] = "true"
    return button(label, act, value=value, kind=kind, icon=icon, aria_haspopup="dialog", **held)
