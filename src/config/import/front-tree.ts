/** What files of nginx and Apache become when they are read: directives, some with others inside. Each knows where it stands. */

export interface FrontDirective {
  /** Of Apache in small letters, since it does not tell them apart; a section `<VirtualHost …>` is `virtualhost`. */
  readonly name: string;
  readonly args: readonly string[];
  /** As messages name it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What is inside; null = it holds no others. */
  readonly body: readonly FrontDirective[] | null;
}

/** A part that could not be read. The rest of the tree is what it would be without it. */
export interface FrontProblem {
  readonly file: string;
  readonly line: number;
  /** A sentence without a full stop. */
  readonly text: string;
}

export interface FrontTree {
  readonly directives: readonly FrontDirective[];
  readonly problems: readonly FrontProblem[];
}

/** Deeper than anybody writes; it keeps those that walk the tree from running out of stack. */
export const DEEPEST = 50;

/** Builds a tree while its text is read from top to bottom. */
export class FrontTreeBuilder {
  readonly #file: string;
  readonly #top: FrontDirective[] = [];
  readonly #open: { readonly directive: FrontDirective; readonly body: FrontDirective[] }[] = [];
  readonly #problems: FrontProblem[] = [];
  #tooDeep = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The innermost that is open. */
  get inside(): FrontDirective | undefined {
    return this.#tooDeep > 0 ? undefined : this.#open.at(-1)?.directive;
  }

  add(name: string, args: readonly string[], line: number): void {
    if (this.#tooDeep === 0) this.#here.push({ name, args, file: this.#file, line, body: null });
  }

  open(name: string, args: readonly string[], line: number): void {
    if (this.#tooDeep > 0 || this.#open.length >= DEEPEST) {
      if (this.#tooDeep++ === 0) this.problem(line, `"${name}" is nested too deep, and was not read`);
      return;
    }
    const body: FrontDirective[] = [];
    const directive = { name, args, file: this.#file, line, body };
    this.#here.push(directive);
    this.#open.push({ directive, body });
  }

  /** false when nothing was open. */
  close(): boolean {
    if (this.#tooDeep > 0) {
      this.#tooDeep--;
      return true;
    }
    return this.#open.pop() !== undefined;
  }

  problem(line: number, text: string): void {
    this.#problems.push({ file: this.#file, line, text });
  }

  /** What is still open is told, by `unclosed`. */
  end(unclosed: (directive: FrontDirective) => string): FrontTree {
    for (const { directive } of this.#open) this.problem(directive.line, unclosed(directive));
    return { directives: this.#top, problems: this.#problems };
  }

  get #here(): FrontDirective[] {
    return this.#open.at(-1)?.body ?? this.#top;
  }
}
