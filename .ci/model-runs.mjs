// How many made-up sequences the check plays: a thousand, and fewer on a machine so slow that the rest would take all of its time.
const enough = 1_000;
const onSlowMachines = 160;
/** Milliseconds of CPU for the work below, on two cores of 2024: some 450. */
const slowFromMs = 1_100;

const before = process.cpuUsage();
let text = JSON.stringify(
  Array.from({ length: 2_000 }, (_, index) => ({
    id: `n${index}`,
    at: index * 7_919,
    words: ["a", "b", String(index)],
  })),
);
for (let round = 0; round < 300; round += 1) {
  const records = JSON.parse(text);
  records.sort((one, other) => (one.id < other.id ? -1 : 1));
  text = JSON.stringify(records);
}
const { user, system } = process.cpuUsage(before);
const ms = Math.round((user + system) / 1_000);
const runs = ms < slowFromMs ? enough : onSlowMachines;
console.error(`this machine took ${ms} ms: ${runs} sequences for the model`);
console.log(runs);
