/** A release on its way to the traffic. */
import type { PromotionView } from '../../../../protocol/dashboard.ts';
import { formatMoment } from '../../model/format.ts';
import { Do } from './controls.tsx';
import { Ago } from './small.tsx';

const stages = [
  ['trial', 'Trial', 'is tried: one instance of each app, without traffic'],
  ['canary', 'Canary', 'has a part of the traffic'],
  ['rollout', 'Rollout', 'gets all of the traffic'],
  ['bake', 'Bake', 'has all of the traffic, and is watched'],
] as const;

/** `20261124-…: canary, 10 % of the traffic`. */
export function promotionText({ promotion }: PromotionView): string {
  if (!promotion) return '';
  if (promotion.step === 'rollback') return `is being rolled back to ${promotion.release}`;
  const share = promotion.share === null ? '' : `, ${Math.round(promotion.share * 100)} % of the traffic`;
  return `is being promoted to ${promotion.release}: ${promotion.step}${share}`;
}

export function Promotion({ view }: { readonly view: PromotionView }) {
  const { promotion, project } = view;
  if (!promotion) return null;
  const at = stages.findIndex(([step]) => step === promotion.step);
  return (
    <div class="promotion">
      <p>
        <b>{promotion.release}</b>{' '}
        {promotion.step === 'rollback' ? 'gets the traffic back' : (stages[at]?.[2] ?? promotion.step)}
        {promotion.until && (
          <span class="muted" title={formatMoment(promotion.until, 0)}>
            , this stage ends <Ago time={promotion.until} />
          </span>
        )}
      </p>
      {at >= 0 && (
        <ol class="stages" aria-label="Stages">
          {stages.map(([step, title], n) => (
            <li
              key={step}
              class={n < at ? 'past' : n === at ? 'now' : ''}
              {...(n === at ? { 'aria-current': 'step' as const } : {})}
            >
              {title}
              {n === at && promotion.share !== null && ` ${Math.round(promotion.share * 100)} %`}
            </li>
          ))}
        </ol>
      )}
      <div class="buttons">
        {(promotion.step === 'canary' || promotion.step === 'bake') && (
          <Do action={{ do: 'continue', project }} kind="main">
            Go on now
          </Do>
        )}
        {promotion.step !== 'rollback' && (
          <Do action={{ do: 'abort', project }} kind="danger">
            Abort
          </Do>
        )}
      </div>
    </div>
  );
}
