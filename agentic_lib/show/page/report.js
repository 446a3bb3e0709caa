const field = document.querySelector("input");
const rows = document.querySelectorAll(".decisions tbody tr");
const count = document.querySelector("output");
field.hidden = false;
field.addEventListener("input", () => {
  const words = field.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(word => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = field.value ? `${shown} of ${rows.length} shown` : "";
});
