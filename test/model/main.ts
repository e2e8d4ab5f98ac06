/** `npm run model -- --runs 10000`: plays made-up plans for as long as one likes, or one of them again. */
import { parseArgs } from "node:util";
import { checkModel } from "./check-model.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    path: { type: "string" },
  },
});

try {
  const { path } = flags;
  const played = await checkModel({
    runs: Number(flags.runs),
    seed: Number(flags.seed),
    ...(path === undefined ? {} : { path }),
  });
  process.stdout.write(`${played} plans ended as they should, from seed ${flags.seed}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
