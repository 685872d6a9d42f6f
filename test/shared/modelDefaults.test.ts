import { expect, it } from "vitest";
import { withModelDefaults } from "../../shared/modelDefaults.ts";

const model = { fusion: "query", strength: 0.3, sampler: "euler", steps: 20, guidance: 3 } as const;

it("leaves to the model what nobody decided, and nothing else", () => {
  expect(withModelDefaults({ prompt: "oak", fusion: undefined }, model)).toEqual({ prompt: "oak", ...model });
  expect(
    withModelDefaults({ fusion: null, strength: null, sampler: null, steps: null, guidance: null }, model),
  ).toEqual(model);
  const decided = { fusion: "global", strength: 0.8, sampler: "lcm", steps: 4, guidance: 1 } as const;
  expect(withModelDefaults(decided, model)).toEqual(decided);
});

it("starts text alone from pure noise, unless told otherwise", () => {
  expect(withModelDefaults({ fusion: "text" }, model)).toMatchObject({ strength: 1 });
  expect(withModelDefaults({ fusion: "text", strength: 0.5 }, model)).toMatchObject({ strength: 0.5 });
});
