import type { Phone, PhoneView, Prompt } from "../../agent/phone.ts";
import { PippinError } from "../../shared/errors.ts";
import type { Stage } from "../scenarios/stage.ts";
import { unknownName } from "../scenarios/vocabulary.ts";

/** Lets the lab go on until a deed is done. */
export type Drive = <T>(deed: () => Promise<T>) => Promise<T>;

/** What a person types into a sheet. */
export interface Typed {
  readonly appleId?: string;
  readonly password?: string;
}

/** A phone in the hand of whoever writes the test. */
export class LabPhone {
  /** As the lab calls it: `anna`, `anna/2`. */
  readonly name: string;
  readonly #stage: Stage;
  readonly #drive: Drive;

  constructor(name: string, stage: Stage, drive: Drive) {
    this.name = name;
    this.#stage = stage;
    this.#drive = drive;
  }

  get #phone(): Phone {
    return this.#stage.phone(this.name);
  }

  get udid(): string {
    return this.#phone.config.udid;
  }

  get serialNumber(): string {
    return this.#phone.config.serialNumber;
  }

  /** What it shows and says of itself at this moment. */
  get view(): PhoneView {
    return this.#phone.view();
  }

  /** The sheet on the screen; null when there is none, or the phone is locked. */
  get prompt(): Prompt | null {
    return this.view.prompt;
  }

  /** Whether the app is on the phone, by a name of the lab's or its adamId. Throws PippinError `not_found` for a name nobody knows. */
  has(app: string): boolean {
    const adamId = this.#adamId(app);
    return this.view.apps.some((one) => one.adamId === adamId && one.installed);
  }

  /**
   * Taps a button of the sheet on the screen, with what has been typed before. A persona does the same. Throws PippinError `conflict`
   * when there is no sheet, `invalid_request` when it has no such button, or wants something typed.
   */
  tap(choice: string, typed: Typed = {}): Promise<void> {
    return this.#drive(() => {
      const { prompt } = this;
      if (prompt === null)
        return Promise.reject(new PippinError("conflict", `there is no sheet on the screen of ${this.name}`));
      this.#phone.answer(prompt.id, { choice, ...typed });
      return Promise.resolve();
    });
  }

  /** Out of its person's hand: the sheets wait for `tap`. */
  putAway(): void {
    this.#stage.putAway(this.#phone);
  }

  /** Back into its person's hand. */
  pickUp(): void {
    this.#stage.pickUp(this.#phone);
  }

  lock(): Promise<void> {
    return this.#do((phone) => phone.lock());
  }

  /** Throws PippinError `forbidden` for a wrong passcode. */
  unlock(passcode?: string): Promise<void> {
    return this.#do((phone) => phone.unlock(passcode));
  }

  restart(): Promise<void> {
    return this.#do((phone) => phone.restart());
  }

  shutDown(): Promise<void> {
    return this.#do((phone) => phone.shutDown());
  }

  boot(): Promise<void> {
    return this.#do((phone) => phone.boot());
  }

  /** All content and settings are gone then, and the server hears nothing of it. */
  erase(): Promise<void> {
    return this.#do((phone) => phone.erase());
  }

  /** The person removes the management profile. */
  removeProfile(): Promise<void> {
    return this.#do((phone) => phone.removeProfile());
  }

  /** Once more, by a new link, after it was erased or its management was removed. */
  enrolAgain(): Promise<void> {
    return this.#drive(() => this.#stage.enrolAgain(this.#phone));
  }

  /** Out of reach, as with an empty battery. */
  vanish(): Promise<void> {
    return this.#drive(() => this.#stage.vanish(this.#phone));
  }

  comeBack(): Promise<void> {
    return this.#drive(() => this.#stage.comeBack(this.#phone));
  }

  /** The person deletes an app from the home screen. Throws PippinError `not_found` when it isn't there. */
  deleteApp(app: string): Promise<void> {
    return this.#do((phone) => {
      const adamId = this.#adamId(app);
      const found = phone.view().apps.find((one) => one.adamId === adamId);
      return phone.deleteApp(found?.bundleId ?? app);
    });
  }

  /** The person installs an app that the organisation offers, in the company portal. */
  installFromPortal(app: string): Promise<void> {
    return this.#do((phone) => phone.portal.install(this.#adamId(app)));
  }

  #do(deed: (phone: Phone) => void | Promise<void>): Promise<void> {
    return this.#drive(async () => void (await deed(this.#phone)));
  }

  #adamId(app: string): string {
    const { apps } = this.#stage.words;
    const adamId = apps.get(app);
    if (adamId === undefined) throw new PippinError("not_found", unknownName("app", app, apps.keys()));
    return adamId;
  }
}
