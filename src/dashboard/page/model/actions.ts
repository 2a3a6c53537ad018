/** What can be done, and what a person is told before it is. */
import type { Action, ActionReply } from '../../../protocol/dashboard.ts';

export interface Question {
  readonly title: string;
  /** What will happen. */
  readonly text: string;
  readonly button: string;
}

/** The question that comes before an action; undefined: it does no harm, and is done at once. */
export function questionOf(action: Action): Question | undefined {
  switch (action.do) {
    case 'stop':
      return {
        title: `Stop ${subjectOf(action)}?`,
        text:
          action.slot === undefined
            ? `All instances of ${action.app} end after the requests that they work on. It stays stopped, also after a reboot, until it is started again; visitors see an error page meanwhile.`
            : `${subjectOf(action)} ends after the requests that it works on, and stays stopped.`,
        button: 'Stop',
      };
    case 'restart':
      return {
        title: `Restart ${subjectOf(action)}?`,
        text:
          action.slot === undefined
            ? 'Its instances end and start again: requests wait meanwhile. A reload does the same without a gap.'
            : 'It ends and starts again; the other instances take its requests meanwhile.',
        button: 'Restart',
      };
    case 'scale':
      return action.instances > 0
        ? undefined
        : {
            title: `Scale ${action.app} to 0?`,
            text: 'No instance is left: visitors see an error page.',
            button: 'Scale to 0',
          };
    case 'pause':
      return {
        title: `Pause ${action.site}?`,
        text: 'Its requests wait until it is resumed, or get an error page when that takes too long.',
        button: 'Pause',
      };
    case 'deploy':
      return {
        title: `Deploy ${action.project}?`,
        text: 'A new release is made from its checkout, tried, and then gets the traffic. If it fails, what serves now stays.',
        button: 'Deploy',
      };
    case 'continue':
      return {
        title: `Go on with ${action.project}?`,
        text: 'The release is watched no longer: it goes to the next stage now.',
        button: 'Go on',
      };
    case 'abort':
      return {
        title: `Abort the promotion of ${action.project}?`,
        text: 'All traffic goes back to the release that served before; no request is lost.',
        button: 'Abort',
      };
    case 'rollback':
      return {
        title: `Roll ${action.project} back?`,
        text: `All traffic goes ${action.release ? `to release ${action.release}` : 'back to the release before'}. Databases are not changed.`,
        button: 'Roll back',
      };
    default:
      return undefined;
  }
}

/** A title for its progress: `Reload web`. */
export function titleOf(action: Action): string {
  const verb =
    action.do === 'rollback'
      ? 'Roll back'
      : action.do === 'reset'
        ? 'Reset the counts of'
        : capital(action.do);
  const to = action.do === 'scale' ? ` to ${action.instances}` : '';
  return `${verb} ${subjectOf(action)}${to}`;
}

function subjectOf(action: Action): string {
  if ('app' in action) {
    return 'slot' in action && action.slot !== undefined ? `${action.app}.${action.slot}` : action.app;
  }
  return 'site' in action ? action.site : action.project;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Cuts a stream of text into its NDJSON values; what is left at the end of the stream and is no whole line is dropped. */
export class Replies {
  #rest = '';

  push(text: string): readonly ActionReply[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as ActionReply);
  }
}
