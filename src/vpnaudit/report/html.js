"use strict";
// The page is whole without this: it adds copy buttons and a name filter, and opens everything for print.
document.querySelectorAll("pre.commands").forEach((block) => {
  if (!navigator.clipboard) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(block.textContent.trim()).then(
      () => { button.textContent = "Copied"; },
      () => { button.textContent = "Select and copy by hand"; },
    );
  });
  block.before(button);
});
document.querySelectorAll("[data-filter-for]").forEach((label) => {
  const list = document.getElementById(label.dataset.filterFor);
  label.hidden = false;
  label.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    Array.from(list.children).forEach((item) => {
      item.hidden = !item.firstElementChild.textContent.toLowerCase().includes(wanted);
    });
  });
});
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((block) => { block.open = true; });
});
