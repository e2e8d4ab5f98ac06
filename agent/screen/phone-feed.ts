/** One phone as its readers follow it, also across a start anew that makes it another object. */
import type { Timer, World } from "../../shared/world.ts";
import type { Phone } from "../phone.ts";
import type { PhoneRack, ScreenPhone } from "./screen-phone.ts";
import { phoneSight } from "./sight.ts";
import { message, StateStream } from "./state-stream.ts";

const spacingMs = 60;
/** How often it is looked at what no change tells: whose hand it is in, which object it is, a clock that was moved. */
const lookMs = 1_000;

/** The stream of what is to be seen of this phone; it ends with `gone` when there is no such phone any more. */
export function openPhoneStream(
  world: Pick<World, "after">,
  rack: PhoneRack,
  udid: string,
  closed: () => void,
): StateStream {
  let followed: Phone | undefined;
  let unfollow = (): void => undefined;
  let looking: Timer | undefined;
  let beside = "";

  const stream = new StateStream({
    ...{ world, spacingMs },
    compose() {
      const found = rack.find(udid);
      return found && message("phone", phoneSight(found, rack));
    },
    closed() {
      looking?.cancel();
      unfollow();
      closed();
    },
  });

  function look(): void {
    let found: ScreenPhone | undefined;
    try {
      rack.phones();
      found = rack.find(udid);
      if (found === undefined) return stream.end("gone");
    } catch {
      // All phones are on their way, and so is this one.
    }
    if (found !== undefined) follow(found);
    looking = world.after(lookMs, look);
  }

  function follow({ hand, heldBy }: ScreenPhone): void {
    const now = `${heldBy} ${rack.advance === undefined ? "" : rack.now()}`;
    const isSame = hand.phone === followed && now === beside;
    beside = now;
    if (hand.phone !== followed) {
      unfollow();
      followed = hand.phone;
      unfollow = followed.onChange(() => stream.touch());
    }
    if (!isSame) stream.touch();
  }

  look();
  return stream;
}
