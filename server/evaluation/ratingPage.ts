/** The page on which pictures are rated: one picture, keys 1 to 5, nothing that tells which row it is of. */
export const ratingPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Backdrop: rate pictures</title>
<style>
  body { font: 16px system-ui, sans-serif; margin: 0; height: 100vh; display: grid; place-content: center; justify-items: center; gap: 16px; background: #808080; color: #fff }
  img { width: min(70vh, 90vw); image-rendering: auto }
  button { font: inherit; width: 56px; height: 40px; margin: 0 4px }
</style>
<img id="picture" alt="picture to rate">
<div id="scores"></div>
<p id="state">1 bad, 5 excellent as an advertisement: press a key</p>
<script type="module">
  const picture = document.getElementById("picture");
  const state = document.getElementById("state");
  let current, busy = true;
  async function show() {
    current = await (await fetch("next")).json();
    if (current.done) { picture.remove(); scores.remove(); state.textContent = "All rated. You can close this page."; return; }
    picture.src = "picture/" + current.index;
    state.textContent = (current.rated + 1) + " of " + current.total + ": 1 bad, 5 excellent as an advertisement";
    busy = false;
  }
  async function rate(score) {
    if (busy) return;
    busy = true;
    const answer = await fetch("score", { method: "POST", body: JSON.stringify({ index: current.index, score }) });
    if (answer.ok) await show();
    else { state.textContent = "Not stored; press again."; busy = false; }
  }
  const scores = document.getElementById("scores");
  for (const score of [1, 2, 3, 4, 5]) {
    const button = scores.appendChild(document.createElement("button"));
    button.textContent = score;
    button.onclick = () => rate(score);
  }
  addEventListener("keydown", ({ key, repeat }) => { if (!repeat && /^[1-5]$/.test(key)) rate(Number(key)); });
  show();
</script>
</html>
`;
