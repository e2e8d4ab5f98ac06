/** The end is the same wherever the server restarts. */
import { describe, it } from "vitest";
import type { VirtualLab } from "../../simulator/lab.ts";
import { endsTheSame, parts, timeoutMs } from "./disturbed.ts";

describe("the same end", () => {
  it.each(parts)(
    "comes when the server dies between any two messages and is started again (part %i)",
    (part) =>
      endsTheSame("restart", { part, turn: 0 }, (lab) => {
        lab.killServer({ unsynced: "lost" });
        void lab.restartServer();
      }),
    timeoutMs,
  );

  it.each(parts)(
    "comes when the server is stopped in good order between any two messages (part %i)",
    (part) => endsTheSame("stop", { part, turn: 1 }, (lab) => void stopAndStart(lab)),
    timeoutMs,
  );
});

async function stopAndStart(lab: VirtualLab): Promise<void> {
  await lab.stopServer();
  await lab.restartServer();
}
