/** An event of the journal as a line for people. */
import { eventFacts, eventWords } from '../../protocol/event-words.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { Style } from './style.ts';
import { plain } from './text.ts';
import { formatMoment } from './time.ts';

/** `web.0 ready in 0.2 s`: what happened, without the time. */
export function describeEvent(event: HoldfastEvent, style: Style): string {
  const [tone, words] = eventWords(event);
  const subject = subjectOf(event);
  const paint = tone === 'plain' ? (text: string) => text : style[tone];
  const facts = [event.reason ?? '', ...eventFacts(event)].filter(Boolean).map(plain);
  return `${subject} ${paint(plain(words))}${facts.length > 0 ? ` ${style.dim(`(${facts.join(', ')})`)}` : ''}`;
}

function subjectOf({ type, app, instance, data }: HoldfastEvent): string {
  if (instance !== undefined) return instance;
  if (type.startsWith('site.')) return plain(String(data?.site ?? 'holdfast'));
  if (type === 'config.changed') return plain(String(data?.name ?? 'holdfast'));
  if (type === 'env.changed' && app === undefined) return plain(String(data?.project ?? 'holdfast'));
  if (type.startsWith('alert.')) return plain(String(data?.subject ?? 'holdfast'));
  if (type.startsWith('release.')) return plain(`${data?.project} ${data?.release ?? ''}`.trim());
  if (app === undefined) return 'holdfast';
  return typeof data?.slot === 'number' ? `${app}.${data.slot}` : app;
}

/** `12:04:05 web.0 crashed (exited with code 1, after 4m 12s)` */
export function eventLine(event: HoldfastEvent, style: Style, now: number): string {
  return `${style.dim(formatMoment(event.time, now))} ${describeEvent(event, style)}`;
}

/** Behind it, for an audit; empty when nobody is known. */
export function whoAsked({ data }: HoldfastEvent): string {
  return typeof data?.by === 'string' ? `  by ${plain(data.by)}` : '';
}
