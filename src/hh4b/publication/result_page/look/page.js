"use strict";
// Columns that sort: up, down, and back to the order of the table.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const first = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const next = { none: "ascending", ascending: "descending", descending: "none" };
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value;
    if (text === undefined) return cell.textContent.trim();
    return text === "" ? null : Number(text);
  };
  const order = (one, other) => {
    if (one === null || other === null) return 0;
    return typeof one === "number" && typeof other === "number"
      ? one - other
      : String(one).localeCompare(String(other), "en", { numeric: true });
  };
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const wanted = next[head.getAttribute("aria-sort")];
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", wanted);
      const sign = wanted === "descending" ? -1 : 1;
      // Rows without a number stay below, whichever way it goes.
      const rows = wanted === "none" ? first : [...first].sort((a, b) => {
        const one = value(a, column), other = value(b, column);
        if ((one === null) !== (other === null)) return one === null ? 1 : -1;
        return sign * order(one, other);
      });
      body.append(...rows);
    });
  });
}

// Search: tables and figures that hold all words stay.
const search = document.getElementById("search");
const outputs = [...document.querySelectorAll("article.output")].map((article) => {
  const made = article.querySelector("details.made");
  const text = (article.textContent.replace(made ? made.textContent : "", "") + " " + article.id);
  return { article, text: text.toLowerCase().replaceAll("_", " ") };
});
const lookFor = () => {
  const words = search.value.toLowerCase().replaceAll("_", " ").split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { article, text } of outputs) {
    article.hidden = !words.every((word) => text.includes(word));
    shown += article.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("section.outputs")) {
    section.hidden = words.length > 0 && !section.querySelector("article.output:not([hidden])");
  }
  document.getElementById("found").textContent = words.length
    ? `${shown} of ${outputs.length} tables and figures` : "";
};
search.addEventListener("input", lookFor);

// A link to a cause, or to what a search hides, shows it.
const show = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.closest("[hidden]")) { search.value = ""; lookFor(); }
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView();
};
window.addEventListener("hashchange", show);
show();

// On paper everything is open.
window.addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not(.made)")) one.open = true;
});
