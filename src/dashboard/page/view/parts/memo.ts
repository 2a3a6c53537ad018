/** A component that draws again only when one of its properties is another one. */
import { Component, type ComponentChild, type ComponentType, type FunctionComponent, h } from 'preact';

export function memo<P extends object>(draw: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const before = this.props as P;
      const names = new Set([...Object.keys(before), ...Object.keys(next)]) as Set<keyof P>;
      return [...names].some((name) => before[name] !== next[name]);
    }

    override render(): ComponentChild {
      return h(draw, this.props as P);
    }
  };
}
