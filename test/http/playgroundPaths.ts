const references = ["table", "podium", "beach", "bokeh"];

/** Everything that the playground serves, and nothing more. */
export const playgroundPaths = [
  "/",
  "/playground/host.js",
  "/playground/host.css",
  "/playground/sandbox.js",
  "/playground/frame.html",
  "/plugin/code.js",
  "/plugin/ui.html",
  "/plugin/manifest.json",
  ...["bottle.png", "box.png", "jar.png", "sneaker.png"].map((name) => `/samples/${name}`),
  ...references.flatMap((name) => [`/samples/reference-${name}.jpg`, `/samples/reference-${name}.mask.png`]),
];
