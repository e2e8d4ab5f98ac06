/** Uploading the token: what it is, and then, before it is sent, that there is no way back. */
import { useState } from "preact/hooks";
import { useSay } from "../../../../../shared/web/preferences.ts";
import type { Account } from "../../../../api/vpp-routes.ts";
import { call } from "../../core/api.ts";
import { useDeed } from "../../core/deed.ts";
import { CheckField, errorOf, Field, FormSheet, TextField } from "../../core/form.tsx";
import { common } from "../../messages/common.ts";
import { vpp } from "../../messages/vpp.ts";

/** As the server has it. */
const tokenCharsMax = 65_536;

interface UploadTokenProps {
  /** Undefined or null for the first upload. */
  readonly account: Account | null;
  onClose(): void;
}

export function UploadToken({ account, onClose }: UploadTokenProps) {
  const say = useSay();
  const isRenewal = account !== null;
  const [sToken, setToken] = useState("");
  const [tokenName, setTokenName] = useState(account?.tokenName ?? "");
  const [appleId, setAppleId] = useState(account?.appleId ?? "");
  const [acknowledged, setAcknowledged] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const deed = useDeed(() =>
    call("PUT", "/api/v1/vpp/token", {
      // A renewal is of the account that was acknowledged before.
      body: { sToken, tokenName, appleId, acknowledged: acknowledged || isRenewal },
    }),
  );
  if (isAsking) {
    return (
      <FormSheet
        key="warning"
        title={say(vpp.warningTitle)}
        submit={say(common.yes)}
        kind="alert"
        disabled={!acknowledged}
        deed={deed}
        // Back to what was typed: a token that was refused may be the wrong file.
        onClose={() => setAsking(false)}
        onDone={onClose}
      >
        <p>{say(vpp.warningText)}</p>
        <CheckField label={say(vpp.acknowledge)} checked={acknowledged} onValue={setAcknowledged} />
      </FormSheet>
    );
  }
  return (
    <FormSheet
      key="form"
      title={say(isRenewal ? vpp.renew : vpp.upload)}
      submit={say(vpp.uploadCommit)}
      deed={isRenewal ? deed : { ...deed, run: () => Promise.resolve(true) }}
      onClose={onClose}
      onDone={() => (isRenewal ? onClose() : setAsking(true))}
    >
      {isRenewal && <p class="muted">{say(vpp.renewText)}</p>}
      <TokenText value={sToken} error={errorOf(deed.failure, "sToken")} onValue={setToken} />
      <TextField
        label={say(vpp.tokenName)}
        value={tokenName}
        onValue={setTokenName}
        error={errorOf(deed.failure, "tokenName")}
        required
      />
      <TextField
        label={say(vpp.appleId)}
        value={appleId}
        onValue={setAppleId}
        error={errorOf(deed.failure, "appleId")}
        required
        autoComplete="off"
      />
    </FormSheet>
  );
}

interface TokenTextProps {
  readonly value: string;
  readonly error?: string | undefined;
  onValue(text: string): void;
  readonly isOptional?: boolean;
}

/** From a file or pasted. */
export function TokenText({ value, error, onValue, isOptional = false }: TokenTextProps) {
  const say = useSay();
  const [file, setFile] = useState<{ name: string; size: number }>();
  const isTooLarge = file !== undefined && file.size > tokenCharsMax;
  return (
    <>
      <Field
        label={say(vpp.tokenFile)}
        hint={
          file && (
            <span role="status">
              {isTooLarge
                ? say(vpp.fileTooLarge, { name: file.name })
                : say(vpp.fileRead, { name: file.name, n: value.length })}
            </span>
          )
        }
      >
        {(attributes) => (
          <input
            {...attributes}
            type="file"
            data-focus
            onChange={({ currentTarget }) => {
              const [chosen] = currentTarget.files ?? [];
              if (!chosen) return;
              setFile({ name: chosen.name, size: chosen.size });
              if (chosen.size <= tokenCharsMax) void chosen.text().then((text) => onValue(text.trim()));
            }}
          />
        )}
      </Field>
      <Field label={say(vpp.tokenText)} error={error}>
        {(attributes) => (
          <textarea
            {...attributes}
            rows={3}
            spellcheck={false}
            autoComplete="off"
            required={!isOptional}
            maxLength={tokenCharsMax}
            value={value}
            onInput={({ currentTarget }) => onValue(currentTarget.value)}
          />
        )}
      </Field>
    </>
  );
}
