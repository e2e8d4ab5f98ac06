/** What the phone asks, as a modal sheet. Only an answer closes it: Escape doesn't decide anything. */
import { useState } from "preact/hooks";
import { useSay, type Say } from "../../../shared/web/preferences.ts";
import { Sheet } from "../../../shared/web/sheet.tsx";
import type { Prompt } from "../../phone.ts";
import type { PhoneSight } from "../sight.ts";
import { ActError } from "./api.ts";
import { pick, problemText, usePhone } from "./acts.ts";
import { AppTile, Icon } from "./icons.tsx";
import { phoneMessages } from "./phone-messages.ts";
import {
  choiceMessages,
  lockedForMessages,
  noticeTexts,
  noticeTitles,
  promptMessages,
} from "./prompt-messages.ts";

interface Words {
  readonly title: string;
  readonly text: string;
}

/** By what the sheet is about, not by what the phone wrote on it: that is English. */
export function wordsOf(say: Say, prompt: Prompt, { appleId }: Pick<PhoneSight, "appleId">): Words {
  const organisation = prompt.organisation ?? say(promptMessages.yourOrganisation);
  const app = prompt.appName ?? "";
  switch (prompt.kind) {
    case "programTerms":
      return {
        title: say(promptMessages.termsTitle, { organisation }),
        text: say(promptMessages.termsText, { organisation }),
      };
    case "appInstallation":
      return {
        title: say(promptMessages.installTitle),
        text: say(promptMessages.installText, { organisation, app }),
      };
    case "appUpdate":
      return {
        title: say(promptMessages.updateTitle),
        text: say(promptMessages.updateText, { organisation, app }),
      };
    case "managementChange":
      return {
        title: say(promptMessages.manageTitle),
        text: say(promptMessages.manageText, { organisation, app }),
      };
    case "storeTerms":
      return { title: say(promptMessages.storeTermsTitle), text: say(promptMessages.storeTermsText) };
    case "appleIdSignIn":
      if (!prompt.fields.includes("appleId"))
        return {
          title: say(promptMessages.passwordTitle),
          text: say(promptMessages.passwordFor, { appleId: appleId ?? "" }),
        };
      return {
        title: say(promptMessages.signInTitle),
        text: say(purposes[prompt.purpose ?? "program"], { app }),
      };
    case "notice":
      return noticeWords(say, prompt);
  }
}

const purposes = {
  program: promptMessages.signInProgram,
  install: promptMessages.signInInstall,
  update: promptMessages.signInUpdate,
};

function noticeWords(say: Say, { notice, minutes, title, text }: Prompt): Words {
  if (notice === undefined) return { title: title === "" ? say(promptMessages.other) : title, text };
  const told =
    notice === "appleIdLocked" && minutes !== undefined
      ? say(lockedForMessages.lockedFor, { n: minutes })
      : say(noticeTexts[notice]);
  return { title: say(noticeTitles[notice]), text: told };
}

export function PromptSheet({ prompt }: { readonly prompt: Prompt }) {
  const say = useSay();
  const { phone, isLive, act, tryAct, leave } = usePhone();
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [missing, setMissing] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<string>();
  const [isWaiting, setWaiting] = useState(false);
  const { title, text } = wordsOf(say, prompt, phone);
  const agreeing = prompt.choices.at(-1) ?? "";

  async function tap(button: string): Promise<void> {
    const isAgreement = button === agreeing;
    const fields = isAgreement
      ? Object.fromEntries(prompt.fields.map((field) => [field, typed[field] ?? ""]))
      : {};
    const empty = Object.keys(fields).filter((field) => fields[field] === "");
    setMissing(empty);
    if (empty.length > 0) {
      document.getElementById(`prompt-${empty[0]}`)?.focus();
      return;
    }
    setWaiting(true);
    try {
      await tryAct("tap", { promptId: prompt.id, button, fields });
    } catch (error) {
      // Answered elsewhere meanwhile: the next picture of the phone shows it.
      if (!(error instanceof ActError && error.code === "conflict"))
        setProblem(problemText(say, "tap", error));
      setWaiting(false);
    }
  }

  return (
    <Sheet title={title} kind="alert" class={`prompt ${prompt.kind}`}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void tap(agreeing);
        }}
      >
        {prompt.appName !== undefined && prompt.adamId !== undefined && (
          <p class="prompt-app">
            <AppTile id={bundleOf(phone, prompt)} name={prompt.appName} />
            <span class="strong">{prompt.appName}</span>
          </p>
        )}
        {prompt.wrongPasswords > 0 && (
          <p class="problem" role="alert">
            <Icon name="warning" />
            {say(promptMessages.wrong, { n: prompt.wrongPasswords })}
          </p>
        )}
        <p class="prompt-text">{text}</p>
        {prompt.kind === "programTerms" && <ProgramTerms />}
        {prompt.fields.map((field, index) => (
          <div key={field} class="field">
            <label>
              <span>{say(promptMessages[field])}</span>
              <input
                id={`prompt-${field}`}
                {...(index === 0 ? { "data-focus": true } : {})}
                {...inputs[field]}
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                maxLength={255}
                value={typed[field] ?? ""}
                aria-required="true"
                aria-invalid={missing.includes(field)}
                aria-describedby={missing.includes(field) ? `missing-${field}` : undefined}
                onInput={({ currentTarget }) => setTyped({ ...typed, [field]: currentTarget.value })}
              />
            </label>
            {missing.includes(field) && (
              <span class="problem" id={`missing-${field}`}>
                {say(promptMessages.needed)}
              </span>
            )}
          </div>
        ))}
        {prompt.fields.includes("password") && <p class="muted small">{say(promptMessages.toAppleAlone)}</p>}
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        {!isLive && <p class="problem">{say(phoneMessages.lost)}</p>}
        <div class="choices">
          {prompt.choices.map((choice) => (
            <button
              key={choice}
              type={choice === agreeing ? "submit" : "button"}
              class={choice === agreeing ? "primary" : ""}
              disabled={isWaiting || !isLive}
              onClick={choice === agreeing ? undefined : () => void tap(choice)}
            >
              {labelOf(say, choice)}
            </button>
          ))}
        </div>
      </form>
      <div class="instead">
        {leave !== undefined && (
          <button class="plain" onClick={leave}>
            <Icon name="back" size={16} />
            {say(phoneMessages.allPhones)}
          </button>
        )}
        <button class="plain" disabled={!isLive} onClick={() => void act("lock")}>
          <Icon name="lock" size={16} />
          {say(promptMessages.lockInstead)}
        </button>
      </div>
    </Sheet>
  );
}

const inputs = {
  appleId: { type: "text", inputMode: "email" },
  password: { type: "password" },
} as const;

function labelOf(say: Say, choice: string): string {
  const message = pick(choiceMessages, choice);
  return message === undefined ? choice : say(message);
}

function bundleOf({ apps }: PhoneSight, { adamId = "" }: Prompt): string {
  return apps.find((app) => app.adamId === adamId)?.bundleId ?? adamId;
}

/** To be scrolled through, by keyboard as well. */
function ProgramTerms() {
  const say = useSay();
  return (
    // A region that scrolls is reached by keyboard only if it can have the focus.
    <div class="terms" role="region" aria-label={say(promptMessages.termsHeading)} tabIndex={0}>
      <h3>{say(promptMessages.termsHeading)}</h3>
      {[
        promptMessages.terms1,
        promptMessages.terms2,
        promptMessages.terms3,
        promptMessages.terms4,
        promptMessages.terms5,
      ].map((paragraph) => (
        <p key={paragraph.en}>{say(paragraph)}</p>
      ))}
    </div>
  );
}
