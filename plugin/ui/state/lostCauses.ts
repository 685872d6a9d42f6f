import type { LostCause } from "../connection/connection.ts";

export interface LostCauseStep {
  readonly text: string;
  /** to type into a terminal */
  readonly command: string | null;
}

/** What a lost connection means, and how to get it back. */
export interface LostCauseHelp {
  readonly title: string;
  readonly explanation: string;
  /** in this order; one alone is no list */
  readonly steps: readonly LostCauseStep[];
  /** whether pairing anew is the way out, or one of them */
  readonly canPairAgain: boolean;
}

const startServer = "npm start";

export const lostCauses: Readonly<Record<LostCause, LostCauseHelp>> = {
  server_not_running: {
    title: "The Backdrop server is not running",
    explanation: "Pictures are made by a small server on this computer. It does not answer yet.",
    steps: [step("Open a terminal in the folder of Backdrop."), step("Start the server:", startServer)],
    canPairAgain: false,
  },
  browser_blocked: {
    title: "The browser blocks this computer’s own server",
    explanation:
      "Chrome asks before a website may talk to programs on your computer, and the answer was no, or is still missing.",
    steps: [
      step("Click the icon left of the address bar, and allow “Apps on device”."),
      step("Reload Figma and open Backdrop again."),
      step("Or use the Figma desktop app, which needs no permission."),
    ],
    canPairAgain: false,
  },
  wrong_server: {
    title: "Another program answers",
    explanation:
      "Something that is not the Backdrop server you paired with answers in its place. Nothing was sent to it.",
    steps: [
      step("If you moved or reinstalled Backdrop, pair again."),
      step("Otherwise quit the other program, then start the server:", startServer),
    ],
    canPairAgain: true,
  },
  version_mismatch: {
    title: "Plugin and server differ in version",
    explanation: "They do not speak the same protocol, so nothing was sent.",
    steps: [
      step("Stop the server, and build Backdrop again in its folder:", "npm ci"),
      step("Start the server:", startServer),
      step("Close the plugin and run it again."),
    ],
    canPairAgain: false,
  },
  revoked: {
    title: "This panel is not paired any more",
    explanation: "The server’s secret was replaced, which ends every pairing.",
    steps: [step("Pair again, with the code that the server shows in its terminal.")],
    canPairAgain: true,
  },
  replaced: {
    title: "Backdrop is open in another window",
    explanation: "One panel at a time is connected. The other one took over; runs go on there.",
    steps: [step("To work here, try again: the other window lets go.")],
    canPairAgain: false,
  },
  shutting_down: {
    title: "The server was stopped",
    explanation: "A run that had not ended goes on when the server is back; the variants it has finished are kept.",
    steps: [step("Start the server again:", startServer)],
    canPairAgain: false,
  },
  overloaded: {
    title: "The server has too many connections",
    explanation: "It takes no more for now. This panel tries again by itself.",
    steps: [step("Close other Backdrop panels and programs that use the server.")],
    canPairAgain: false,
  },
  dropped: {
    title: "The connection was lost",
    explanation: "A run goes on without it, and its result is kept.",
    steps: [step("If the server was stopped, start it again:", startServer)],
    canPairAgain: false,
  },
};

function step(text: string, command: string | null = null): LostCauseStep {
  return { text, command };
}
