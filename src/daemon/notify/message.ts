/** A notice as what is sent. Pure. */
import { createHmac } from 'node:crypto';
import type { NotifyStyle } from '../../protocol/notify-rules.ts';
import { type Digested, WINDOW_MS } from './digest.ts';

export interface Sender {
  /** Of the machine. */
  readonly host: string;
  /** Null: it is about none, or about all. */
  readonly project: string | null;
}

export function bodyOf(style: NotifyStyle, digested: Digested, sender: Sender): string {
  return JSON.stringify(style === 'slack' ? slackOf(digested, sender) : jsonOf(digested, sender));
}

function jsonOf({ notice, count }: Digested, { host, project }: Sender): object {
  const { topic, level, title, text, event } = notice;
  return { version: 1, topic, level, title, text, count, host, project, event };
}

/** Slack refuses longer texts. */
const LONGEST = 2900;

/** `text` is for notifications and for what knows no blocks. */
function slackOf({ notice, count }: Digested, { host, project }: Sender): object {
  const { level, title, text, event } = notice;
  const again = count > 1 ? ` (${count} times more in ${WINDOW_MS / 60_000} min)` : '';
  const head = `${level === 'good' ? ':white_check_mark:' : ':rotating_light:'} *${escaped(title)}*${again}`;
  const body = text === '' ? head : `${head}\n${escaped(text)}`;
  const about = [host, ...(project === null ? [] : [project]), event.time];
  return {
    text: escaped(`${title}${again}${text === '' ? '' : `: ${text}`}`).slice(0, LONGEST),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: body.slice(0, LONGEST) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: escaped(about.join(' · ')) }] },
    ],
  };
}

/** What means something in Slack's texts. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<body>`. With the time in it, an old message cannot be sent again. */
export function signatureOf(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
