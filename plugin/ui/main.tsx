import "./styles/theme.css";
import "./styles/base.css";
import "./styles/buttons.css";
import "./styles/fields.css";
import "./styles/controls.css";
import "./styles/notes.css";
import "./styles/layout.css";
import "./styles/layers.css";
import "./styles/connection.css";
import "./styles/editors.css";
import "./styles/packages.css";
import "./styles/results.css";
import "./styles/proof.css";
import { render } from "preact";
import { browserClock } from "./browserClock.ts";
import { connect } from "./connection/connect.ts";
import { browserEnvironment } from "./connection/environment.ts";
import { createHost } from "./host.ts";
import { createMemory } from "./memory.ts";
import { createPanel } from "./panel.ts";
import { browserPixels } from "./pixels/browserPixels.ts";
import { App } from "./views/App.tsx";

const root = document.getElementById("panel");
const host = createHost(window);

let isOpen = false;
host.listen((message) => {
  if (message.type !== "opened" || isOpen || root === null) return;
  isOpen = true;
  const connection = connect(createMemory(host, message.stored), browserEnvironment());
  const panel = createPanel({ host, connection, pixels: browserPixels, clock: browserClock }, message);
  render(<App panel={panel} />, root);
});
host.post({ type: "ui_ready" });
