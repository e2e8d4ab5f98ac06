import { describe } from "vitest";
import { passesWithSeeds } from "./seeds.ts";

describe("the journey in the virtual world, second seeds", () => passesWithSeeds(126, 150));
