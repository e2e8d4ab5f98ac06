import { describe } from "vitest";
import { passesWithSeeds } from "./seeds.ts";

describe("the journey in the virtual world, first seeds", () => passesWithSeeds(101, 125));
