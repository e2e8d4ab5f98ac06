/** Plays any act of a plan. */
import { playAdmin } from "./admin-acts.ts";
import { playApple } from "./apple-acts.ts";
import { playCircumstance } from "./circumstances.ts";
import { playPerson } from "./phone-acts.ts";
import type { Act } from "./plan.ts";
import type { Run } from "./run.ts";

export function playAct(run: Run, act: Act): Promise<void> {
  switch (act.by) {
    case "admin":
      return playAdmin(run, act);
    case "person":
      return playPerson(run, act);
    case "apple":
      return playApple(run, act);
    case "world":
      return playCircumstance(run, act);
  }
}
