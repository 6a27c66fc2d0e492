"use strict";
const value = (row, at) => row.cells[at].textContent.trim();
const number = text => { const found = text.replaceAll(",", "").replaceAll("−", "-").match(/^[+<]?(-?\d+(\.\d+)?|-?∞)/); return found ? (found[1].endsWith("∞") ? parseFloat(found[1].replace("∞", "Infinity")) : parseFloat(found[1])) : NaN; };
for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    while (head.firstChild) button.append(head.firstChild);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(table.tBodies[0].rows, row => [row, value(row, at), number(value(row, at))]);
      const numeric = rows.some(row => !isNaN(row[2])) && rows.every(row => !isNaN(row[2]) || /^(–|not estimable|)$/.test(row[1]));
      rows.sort((a, b) => numeric ? (isNaN(a[2]) - isNaN(b[2])) || (down ? b[2] - a[2] : a[2] - b[2]) || 0 : (down ? -1 : 1) * a[1].localeCompare(b[1]));
      rows.forEach(row => table.tBodies[0].append(row[0]));
    });
  });
}
const dialog = document.createElement("dialog"), large = document.createElement("img"), close = document.createElement("button");
close.type = "button"; close.textContent = "Close";
dialog.setAttribute("aria-label", "Enlarged figure");
close.addEventListener("click", () => dialog.close());
dialog.append(close, large);
document.body.append(dialog);
for (const card of document.querySelectorAll("figure .card")) {
  const button = document.createElement("button"), image = card.querySelector("img");
  button.type = "button"; button.textContent = "Enlarge";
  button.setAttribute("aria-label", "Enlarge: " + image.alt);
  button.addEventListener("click", () => { large.src = image.currentSrc || image.src; large.alt = image.alt; dialog.showModal(); });
  card.parentElement.querySelector("figcaption").prepend(button);
}
for (const text of document.querySelectorAll("pre.bibtex")) {
  const button = document.createElement("button");
  button.type = "button"; button.className = "copy"; button.textContent = "Select all, to copy";
  button.addEventListener("click", () => { const range = document.createRange(); range.selectNodeContents(text); const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range); if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(() => { button.textContent = "Copied"; }, () => {}); });
  text.before(button);
}
let opened = [];
addEventListener("beforeprint", () => { opened = Array.from(document.querySelectorAll("details:not([open])")); opened.forEach(fold => { fold.open = true; }); });
addEventListener("afterprint", () => { opened.forEach(fold => { fold.open = false; }); });
addEventListener("hashchange", () => { const at = document.getElementById(location.hash.slice(1)); if (at) for (let fold = at.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true; });
