// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import type { PackageInfo, PackageState } from "../../../shared/protocol/inventory.ts";
import { doing, show } from "./rendering.ts";
import { ready } from "./world.ts";

// Protects that models and helpers are installed from the panel only after their licences were accepted, that it can be
// stopped, and that what was installed can be used at once.

afterEach(() => {
  render(null, document.body);
});

function offer(name: string, state: PackageState, task: PackageInfo["task"] = null): PackageInfo {
  const licences = [{ part: `maker/${name}`, licence: "Free-1.0", url: `https://example.org/${name}` }];
  return {
    name,
    title: name.toUpperCase(),
    purpose: "Paints.",
    task,
    approximateBytes: 11_600_000_000,
    licences,
    state,
  };
}

const { models, helpers } = ready;
const inventory = (...packages: PackageInfo[]) => ({ models, helpers, packages });
const absent: PackageState = { type: "absent" };
const text = () => document.body.textContent;

function button(name: string): HTMLButtonElement | undefined {
  return [...document.querySelectorAll("button")].find((each) =>
    (each.getAttribute("aria-label") ?? each.textContent).trim().startsWith(name),
  );
}

const click = (name: string) => doing(() => button(name)?.click());

async function openModels(...packages: PackageInfo[]) {
  const world = await show({ connection: { ...ready, packages } });
  await click("More models");
  return world;
}

it("says of what is installed what it is good for", async () => {
  await openModels(offer("sdxl", absent));
  expect(document.querySelector("[aria-label=Mini]")?.textContent).toContain("Small.");
});

it("asks for the licences before anything is fetched", async () => {
  const world = await openModels(offer("sdxl", absent), offer("slimsam", absent, "segment"));
  expect(text()).toContain("About 11.6 GB");
  await click("Install SDXL");
  expect(document.querySelector<HTMLAnchorElement>(".licences a")?.href).toBe("https://example.org/sdxl");
  await click("Not now");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("SDXL");
  expect(world.toServer.filter(([name]) => name === "install")).toEqual([]);
  await click("Install SDXL");
  await click("Accept the licences and install SDXL");
  expect(world.toServer.at(-1)).toEqual(["install", "sdxl", true]);
});

it("shows how it comes on, and stops it", async () => {
  const world = await openModels(offer("sdxl", absent));
  const fetching = { type: "fetching", doneBytes: 2_900_000_000, totalBytes: 11_600_000_000 } as const;
  await doing(() => world.inventory(inventory(offer("sdxl", fetching))));
  expect(text()).toContain("2.9 GB of 11.6 GB");
  expect(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")).toBe("25");
  await click("Stop installing SDXL");
  expect(world.toServer.at(-1)).toEqual(["stopInstalling", "sdxl"]);
  await click("Done");
  expect(text()).toContain("Installing…");
});

it("says why it failed, and tries again", async () => {
  const message = "The disk has 3 GB, and 11 GB are needed; make room";
  await openModels(offer("sdxl", { type: "failed", code: "disk_full", message }));
  expect(text()).toContain(message);
  expect(button("Install SDXL")?.textContent).toBe("Try again…");
});

it("an installed model is used at once, an installed helper is only named", async () => {
  const world = await openModels(offer("sdxl", absent), offer("slimsam", absent, "segment"));
  const added = {
    ...inventory(offer("sdxl", { type: "installed" }), offer("slimsam", { type: "installed" }, "segment")),
  };
  const sdxl = { ...(models[0] ?? { patchGrid: 16 }), name: "sdxl", title: "SDXL" } as (typeof models)[number];
  await doing(() => world.inventory({ ...added, models: [...models, sdxl] }));
  expect(button("Install")).toBeUndefined();
  await click("Use SDXL");
  expect(world.panel.state().form.model).toBe("sdxl");
  expect(text()).toContain("SLIMSAM");
});

it("a damaged one says what is wrong, and is repaired at once: its licences were accepted when it was installed", async () => {
  const message = "unet/model.safetensors is missing";
  const sdxl = { ...models[0], name: "sdxl", title: "SDXL" } as (typeof models)[number];
  const damaged = { ...offer("sdxl", { type: "damaged", message }), title: "SDXL" };
  const helper = offer("slimsam", { type: "damaged", message: "config.json cannot be read" }, "segment");
  const world = await show({ connection: { ...ready, models: [...models, sdxl], packages: [damaged, helper] } });
  await click("More models");
  // In one row, and not for use.
  expect([...document.querySelectorAll(".package[aria-label=SDXL]")]).toHaveLength(1);
  expect(button("Use SDXL")).toBeUndefined();
  expect(button("Install SDXL")).toBeUndefined();
  expect(text()).toContain(message);
  await click("Repair SDXL");
  expect(world.toServer.at(-1)).toEqual(["install", "sdxl", false]);
  expect(document.activeElement?.getAttribute("aria-label")).toBe("SDXL");
  await click("Repair SLIMSAM");
  expect(world.toServer.at(-1)).toEqual(["install", "slimsam", false]);

  const repairing = { ...damaged, state: { type: "fetching", doneBytes: 1e9, totalBytes: 4e9 } } as const;
  await doing(() => world.inventory({ models: [...models, sdxl], helpers, packages: [repairing, helper] }));
  expect(button("Repair SDXL")).toBeUndefined();
  expect(button("Stop installing SDXL")).toBeDefined();
  const whole = { ...damaged, state: { type: "installed" } } as const;
  await doing(() => world.inventory({ models: [...models, sdxl], helpers, packages: [whole, helper] }));
  expect(text()).not.toContain(message);
  expect(button("Use SDXL")).toBeDefined();
});

it("one whose licences have to be accepted first asks for them at once, in place of an error", async () => {
  const message = "its licences have to be accepted: --accept-licence on the command line";
  const world = await openModels(offer("sdxl", { type: "damaged", message: "a file is missing" }));
  await click("Repair SDXL");
  const refused = offer("sdxl", { type: "failed", code: "licence_not_accepted", message });
  await doing(() => world.inventory(inventory(refused)));
  expect(text()).not.toContain("command line");
  await click("Accept the licences and install SDXL");
  expect(world.toServer.at(-1)).toEqual(["install", "sdxl", true]);
});

it("one that waits for its turn says so, and its licences are not asked for again by themselves", async () => {
  const world = await openModels(offer("sdxl", absent), offer("slimsam", absent, "segment"));
  await click("Install SLIMSAM");
  await doing(() =>
    world.inventory(inventory(offer("sdxl", absent), offer("slimsam", { type: "waiting" }, "segment"))),
  );
  expect(text()).toContain("Waits until the other one is done");
  await doing(() => world.inventory(inventory(offer("sdxl", absent), offer("slimsam", absent, "segment"))));
  expect(document.querySelector(".licences")).toBeNull();
});

it("has no menu to choose from where there is one model and nothing to install", async () => {
  await show({ connection: { ...ready, models: models.slice(0, 1) } });
  expect(document.querySelector("select[aria-label=Model]")).toBeNull();
  expect(button("More models")).toBeUndefined();
});
