/** `pippin lab …`: the lab as a whole. */
import { part, type Verb } from "../admin/verb.ts";

const snapshotName = ["<name>", "of the snapshot"] as const;

export const labVerbs: readonly Verb[] = [
  {
    words: ["lab", "info"],
    help: "seed, clock, addresses and phones",
    request: () => ({ method: "GET", path: "/lab/v1" }),
  },
  {
    words: ["lab", "snapshot"],
    help: "keep the lab as it is now",
    args: [snapshotName],
    request: ({ name }) => ({ method: "POST", path: "/lab/v1/snapshots", body: { name } }),
  },
  {
    words: ["lab", "snapshots"],
    help: "what was kept",
    request: () => ({ method: "GET", path: "/lab/v1/snapshots" }),
    isWhole: true,
    columns: [
      ["Name", "name"],
      ["Taken at", "takenAt"],
      ["Seed", "seed"],
      ["Phones", "phoneCount"],
      ["Bytes", "bytes"],
      ["Problem", "problem"],
    ],
  },
  {
    words: ["lab", "restore"],
    help: "make the lab what it was at a snapshot",
    args: [snapshotName],
    request: ({ name }) => ({ method: "POST", path: "/lab/v1/restore", body: { name } }),
  },
  {
    words: ["lab", "forget"],
    help: "remove a snapshot",
    args: [snapshotName],
    request: (given) => ({ method: "DELETE", path: `/lab/v1/snapshots/${part(given, "name")}` }),
    done: "removed",
  },
  {
    words: ["lab", "reset"],
    help: "begin anew, from the seed",
    request: () => ({ method: "POST", path: "/lab/v1/reset", body: {} }),
  },
  {
    words: ["lab", "clock"],
    help: "what time it is in the lab",
    request: () => ({ method: "GET", path: "/lab/v1/clock" }),
  },
  {
    words: ["lab", "advance"],
    help: "move the clock of a virtual lab; everything due by then has happened when it answers",
    args: [
      ["<time>", "a span such as 90s, 2h, 7d or 1y; tokenExpiry; or a time such as 2017-06-15T08:00:00Z"],
    ],
    request: ({ time }) => ({
      method: "POST",
      path: "/lab/v1/clock/advance",
      body: /^(?:tokenExpiry$|\d{4}-)/.test(String(time)) ? { to: time } : { by: time },
    }),
  },
];
