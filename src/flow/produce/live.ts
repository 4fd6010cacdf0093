// The entities that are there now, by their identifier values: what a source compares with where its hard
// deletes leave no trace.
import type { AnyEntity } from '../../model/entity.ts'
import { apply, isAlive, nothingYet, type Folded } from '../../model/state.ts'
import type { StoredEvent } from '../../model/event.ts'
import type { Ports } from '../../ports/driver.ts'
import type { ScanCursor } from '../../ports/event-store.ts'
import { behind, nextEntities } from '../events/scan.ts'

/**
 * Page by page, read from the event store itself: no projection has to have caught up. Throws what the store
 * answers.
 */
export const liveOf = async function* (
  { eventStore }: Ports,
  { name, definition: { identifier } }: AnyEntity,
): AsyncGenerator<readonly { readonly [property: string]: string }[]> {
  for (let cursor: ScanCursor | undefined; ;) {
    const page = await nextEntities(eventStore, name, cursor)
    if (page._tag === 'Left') throw page.left
    cursor = behind(page.right)
    if (cursor === undefined) return
    const found: { readonly [property: string]: string }[] = []
    for (const events of page.right.values()) {
      const folded = events.reduce<Folded>((state, event: StoredEvent) => apply(state, event), nothingYet)
      if (isAlive(folded))
        found.push(
          Object.fromEntries(identifier.map((property) => [property, folded.state[property]?.value ?? ''])),
        )
    }
    yield found
  }
}
