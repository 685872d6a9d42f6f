import { expect, it } from "vitest";
import { dilate } from "../../server/image/morphology.ts";

it("grows what is bright by the radius on every side, and keeps its grey", async () => {
  const data = new Uint8Array(11 * 9);
  data[4 * 11 + 5] = 200;
  const grown = await dilate({ width: 11, height: 9, data }, 2);
  const bright = [...grown.data.keys()].filter((i) => grown.data[i] === 200);
  const square = [2, 3, 4, 5, 6].flatMap((y) => [3, 4, 5, 6, 7].map((x) => y * 11 + x));
  expect(bright).toEqual(square);
  expect(grown.data.filter((value) => value !== 0 && value !== 200)).toHaveLength(0);
});
