/** The faults of a lab: which rules there are, whose turn it is to go wrong, and the worlds in which things do. */
import type { Recorder } from "../../shared/trace.ts";
import type { World } from "../../shared/world.ts";
import { worldWith } from "../../shared/world-with.ts";
import { faultyChannel } from "./command-faults.ts";
import type { CommandRule, FaultRule, LinkName, LinkRule, ServiceRule } from "./fault-rule.ts";
import { LinkGate } from "./link-faults.ts";
import { faultyRequest } from "./service-faults.ts";

interface Held {
  readonly rule: FaultRule;
  isActive: boolean;
  /** Occasions so far, by phone or service. */
  readonly counts: Map<string, number>;
  firedCount: number;
}

/**
 * Nothing goes wrong by itself: without rules everything passes through untouched, and untouched it is byte for byte what it
 * would be without this desk.
 */
export class FaultDesk {
  readonly #recorder: Recorder;
  readonly #rules = new Map<string, Held>();
  /** One for each world that was handed out: a process that was started again has another. */
  readonly #gates = new Set<LinkGate>();
  /** Until when phones that have vanished can't be reached, by UDID. */
  readonly awayUntil = new Map<string, number>();
  /** UDIDs of the phones that a rule's name for phones stands for; until the scenario has said so, none. */
  phonesNamed: (name: string) => ReadonlySet<string> = () => new Set();

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  add(rule: FaultRule): void {
    this.#rules.set(rule.name, { rule, isActive: rule.active, counts: new Map(), firedCount: 0 });
  }

  /** Throws for a rule that there is not. */
  switch(name: string, isActive: boolean): void {
    const held = this.#rules.get(name);
    if (held === undefined) throw new Error(`there is no fault ${name}`);
    held.isActive = isActive;
    if (held.rule.kind === "link") for (const gate of this.#gates) gate.ruleChanged();
  }

  /** From now on all goes well. */
  clear(): void {
    for (const name of this.#rules.keys()) this.switch(name, false);
  }

  /** Rules that never had anything to do: what they were to show was not shown. */
  get idleRules(): string[] {
    return [...this.#rules.values()]
      .filter(({ firedCount }) => firedCount === 0)
      .map(({ rule }) => rule.name);
  }

  /** The world of the phones. */
  phoneWorld(world: World): World {
    const toServer = this.#gate("phones-server", world);
    const toApple = this.#gate("phones-apple", world);
    return worldWith(world, {
      connect: (url, options, handlers) =>
        faultyChannel({ desk: this, world }, (inner) => toServer.connect(url, options, inner), handlers),
      // Phones speak HTTP with Apple, and with the server once, to enrol.
      request: (url, init) =>
        /\/enroll\//.test(url)
          ? toServer.request(() => world.request(url, init))
          : toApple.request(() =>
              faultyRequest({ desk: this, world }, "store", () => world.request(url, init)),
            ),
    });
  }

  /** The world of the server. */
  serverWorld(world: World): World {
    const toApple = this.#gate("server-apple", world);
    return worldWith(world, {
      request: (url, init) => {
        const service = /\/([A-Za-z]+Srv)(?:\?|$)/.exec(url)?.[1];
        // A webhook, for example: not Apple's.
        if (service === undefined) return world.request(url, init);
        return toApple.request(() =>
          faultyRequest({ desk: this, world }, service, () => world.request(url, init)),
        );
      },
    });
  }

  /** Whether commands have to be looked at at all. */
  get watchesCommands(): boolean {
    return [...this.#rules.values()].some(({ rule, isActive }) => isActive && rule.kind === "command");
  }

  /** The rule whose turn it is for this command on this phone, if any; notes that it was. */
  commandRule(
    world: World,
    about: { udid: string; requestType: string; commandUUID: string },
  ): CommandRule | undefined {
    const held = this.#next(
      world,
      about.udid,
      (rule) =>
        rule.kind === "command" &&
        (rule.command === undefined || rule.command === about.requestType) &&
        this.phonesNamed(rule.phones).has(about.udid),
    );
    if (held?.rule.kind !== "command") return undefined;
    this.#note(held, about);
    return held.rule;
  }

  serviceRule(world: World, service: string): ServiceRule | undefined {
    const held = this.#next(
      world,
      service,
      (rule) =>
        rule.kind === "service" &&
        (rule.service === service || (rule.service === "any" && service !== "store")),
    );
    if (held?.rule.kind !== "service") return undefined;
    this.#note(held, { service });
    return held.rule;
  }

  /** Those that hold on a link now. */
  linkRules(link: LinkName): LinkRule[] {
    return [...this.#rules.values()].flatMap(({ rule, isActive }) =>
      isActive && rule.kind === "link" && rule.link === link ? [rule] : [],
    );
  }

  /** Something passed the link and was touched. Said once a rule: there would be no end of it. */
  touched(rule: LinkRule): void {
    const held = this.#rules.get(rule.name);
    if (held === undefined) return;
    held.firedCount += 1;
    if (held.firedCount === 1) this.#record(held, { link: rule.link });
  }

  #gate(link: LinkName, world: World): LinkGate {
    const gate = new LinkGate(this, link, world);
    this.#gates.add(gate);
    return gate;
  }

  #next(world: World, key: string, fits: (rule: FaultRule) => boolean): Held | undefined {
    for (const held of this.#rules.values()) {
      if (!held.isActive || !fits(held.rule)) continue;
      const count = (held.counts.get(key) ?? 0) + 1;
      held.counts.set(key, count);
      const { first, every, chance } = held.rule.when;
      if (first !== undefined && count > first) continue;
      if (every !== undefined && count % every !== 0) continue;
      if (chance !== undefined && world.random() >= chance) continue;
      return held;
    }
    return undefined;
  }

  #note(held: Held, details: Record<string, unknown>): void {
    held.firedCount += 1;
    this.#record(held, details);
  }

  #record({ rule }: Held, details: Record<string, unknown>): void {
    this.#recorder.record("fault", { rule: rule.name, what: rule.fault.what, ...details });
  }
}

/** What the parts of a faulty world need. */
export interface FaultyPlace {
  readonly desk: FaultDesk;
  readonly world: World;
}
