import { expect, test } from "vitest";
import { framePage, themeNotice } from "../../../plugin/playground/view/framePage.ts";

test("the theme's script comes first in the page, after the doctype and inside the head", () => {
  const page = framePage("<!doctype html><html><head><title>x</title></head></html>", "dark");
  expect(page).toMatch(/^<!doctype html><html><head><script>\(/);
  expect(page.indexOf("figma-dark")).toBeLessThan(page.indexOf("<title>"));
  expect(framePage("<!DOCTYPE html><p>x</p>", "light")).toMatch(/^<!DOCTYPE html><script>/);
  expect(framePage("<p>bare</p>", null)).toMatch(/^<script>.*<\/script><p>bare<\/p>$/s);
});

test("both themes have the same variables, with other colours", () => {
  const [light, dark] = [themeNotice("light"), themeNotice("dark")].map(({ playgroundTheme: { css } }) =>
    [...css.matchAll(/(--figma-color-[a-z-]+): ([^;]+);/g)].map(([, name, color]) => [name, color]),
  );
  expect(light?.map(([name]) => name)).toEqual(dark?.map(([name]) => name));
  expect(light?.find(([name]) => name === "--figma-color-bg")).toEqual(["--figma-color-bg", "#ffffff"]);
  expect(dark?.find(([name]) => name === "--figma-color-bg")).toEqual(["--figma-color-bg", "#2c2c2c"]);
});
