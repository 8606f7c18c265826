// Airflow shows our pages in a sandboxed frame that may not open windows. The frame has the same origin as Airflow, so a
// link that is meant for a new tab is opened by the page around it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[target=_blank]");
  if (!link || window.parent === window) return;
  event.preventDefault();
  const outside = window.parent.document.createElement("a");
  outside.href = link.href;
  outside.target = "_blank";
  outside.rel = "noopener noreferrer";
  window.parent.document.body.append(outside);
  outside.click();
  outside.remove();
});
