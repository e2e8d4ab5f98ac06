/** How much is played: little at each run of the tests, more in the check, as much as one likes by `npm run model`. */
const runs = Number(process.env["PIPPIN_MODEL_RUNS"] ?? 40);

/** Of each of the four quarters, which are files of their own, so that no core ends up with all of them. */
export function runsWanted(): number {
  return Math.ceil(runs / 4);
}

/** Of so many messages, one is disturbed in each way. */
export function disturbanceStride(): number {
  if (runs >= 5_000) return 1;
  return runs >= 200 ? 2 : 6;
}
