/** For those who are not signed in: a name and a password, or how to get a link. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Refused, session, signIn } from '../api.ts';
import { asRefused } from '../load.ts';
import { Problem } from '../parts/small.tsx';

export function SignIn({ refused }: { readonly refused: Refused | undefined }) {
  const [problem, setProblem] = useState(refused);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    setBusy(true);
    try {
      session.set(
        await signIn({ user: String(fields.get('user')), password: String(fields.get('password')) }),
      );
    } catch (error) {
      setProblem(asRefused(error));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in" id="main">
      <h1>Holdfast</h1>
      <p>
        On the machine itself, type <code>hold open</code>: it prints a link that signs you in.
      </p>
      {problem && <Problem of={problem} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <label>
          Name
          <input
            ref={first}
            class="field"
            name="user"
            autocomplete="username"
            required
            autocapitalize="none"
          />
        </label>
        <label>
          Password
          <input class="field" name="password" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="button main" aria-disabled={busy}>
          {busy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
