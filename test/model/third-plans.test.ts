import { expect, it } from "vitest";
import { checkModel } from "./check-model.ts";
import { runsWanted } from "./how-much.ts";

it("ends as the model says, whatever people, admins, phones, Apple and crashes do (third quarter)", async () => {
  const runs = runsWanted();
  expect(await checkModel({ runs, seed: 3 })).toBe(runs);
}, 1_200_000);
