#!/usr/bin/env node
// The programs are TypeScript; tsx lets Node run them as they are.
import { register } from "tsx/esm/api";

register();
const { main } = await import("./main.ts");
process.exitCode = await main(process.argv.slice(2));
