/** What nobody means to happen. */
import type { Circumstance } from "./plan.ts";
import type { Run } from "./run.ts";

export async function playCircumstance({ lab, trouble, receiver }: Run, act: Circumstance): Promise<void> {
  switch (act.act) {
    case "cutConnections":
      return void lab.virtual.network.cutChannels();
    case "slowNetwork": {
      const verdict = { delayMs: act.delayMs };
      return trouble.interfere(({ kind }) => (kind === "message" ? verdict : "deliver"), act.forMs);
    }
    case "killServer":
      return trouble.killAfter(act.afterEvents, act.unsynced, act.downMs);
    case "diskTrouble":
      return trouble.sickenDisk(act.code, act.forMs);
    case "receiverTrouble":
      receiver.ailment = act.how;
      return void lab.world.after(act.forMs, () => (receiver.ailment = undefined));
    case "restartServer":
      return trouble.kill("kept", 0);
    case "wait":
      return await lab.world.sleep(act.ms);
  }
}
