/** What holds where: the levels of nginx's configuration, and what each inherits. */
import type { FrontDirective } from '../../config/import/front-tree.ts';

export class Scope {
  /** The block; null = the top of the file, which counts as `http`. */
  readonly block: FrontDirective | null;
  readonly directives: readonly FrontDirective[];
  readonly parent: Scope | undefined;

  constructor(block: FrontDirective | null, directives: readonly FrontDirective[], parent?: Scope) {
    this.block = block;
    this.directives = directives;
    this.parent = parent;
  }

  /** All of this name that hold here: nginx takes those of the nearest level that has any, and of no other. */
  all(name: string): readonly FrontDirective[] {
    const own = this.own(name);
    return own.length > 0 ? own : (this.parent?.all(name) ?? []);
  }

  own(name: string): readonly FrontDirective[] {
    return this.directives.filter((directive) => directive.name === name);
  }

  one(name: string): FrontDirective | undefined {
    return this.all(name).at(-1);
  }

  value(name: string): string | undefined {
    return this.one(name)?.args[0];
  }

  /** Nothing of this name holds here, as far as one can see: a file that was not found might say it. */
  lacks(name: string): boolean {
    return this.all(name).length === 0 && !this.isPartial;
  }

  /** What the app gets as this field; '' = it does not get it, undefined = nothing is said, so it gets what the client sent. */
  field(name: string): FrontDirective | undefined {
    const wanted = name.toLowerCase();
    return this.all('proxy_set_header').find(({ args }) => args[0]?.toLowerCase() === wanted);
  }

  /** Not said, here or in any file that was not found. */
  lacksField(name: string): boolean {
    return this.field(name) === undefined && !this.isPartial;
  }

  get isPartial(): boolean {
    return this.own('include').length > 0 || (this.parent?.isPartial ?? false);
  }

  /** Of a location: the pattern of its paths. */
  get path(): string {
    if (this.block?.name !== 'location') return this.parent?.path ?? '';
    return this.block.args.at(-1) ?? '';
  }

  /** `=`, `^~`, `~`, `~*`, `@` or ''. */
  get match(): string {
    if (this.block?.name !== 'location') return this.parent?.match ?? '';
    if (this.path.startsWith('@')) return '@';
    const [first = ''] = this.block.args;
    if (this.block.args.length > 1) return first;
    return /^(=|\^~|~\*?)/.exec(first)?.[0] ?? '';
  }
}
