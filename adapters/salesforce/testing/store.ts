// The local Salesforce's records: visible versions, transactions that stamp early and show late, a recycle
// bin, and the log of what was true when.
import { idOf } from './ids.ts'
import type { Field, SObject, Value, Values, World } from './objects.ts'

/** What a line of the change log tells. */
export type ChangeKind = 'insert' | 'update' | 'delete' | 'undelete' | 'purge' | 'merge'

/** One line of the change log: what became visible, and when; `stamp` is what its SystemModstamp says. */
export interface Logged {
  readonly object: string
  readonly id: string
  readonly kind: ChangeKind
  readonly stamp: string
  readonly visibleAt: string
  readonly values: Values
}

/** The clock of a local Salesforce, in milliseconds; it stands still until it is moved. */
export interface Clock {
  readonly now: () => number
  readonly set: (instant: string) => void
  readonly advance: (seconds: number) => void
}
const clockAt = (start: string): Clock => {
  let at = Date.parse(start)
  return {
    now: () => at,
    set: (instant) => {
      at = Date.parse(instant)
    },
    advance: (seconds) => {
      at += seconds * 1000
    },
  }
}

/** An instant as REST writes it: whole seconds, `.000`, and an offset without a colon. */
export const stampOf = (millis: number): string => `${new Date(millis).toISOString().slice(0, 19)}.000+0000`

/** What changes records. Ids are answered by `insert`; `values` need only what is not null. */
export interface Changes {
  readonly insert: (object: string, values?: Values) => string
  readonly update: (id: string, values: Values) => void
  /** Into the recycle bin. */
  readonly delete: (id: string) => void
  readonly undelete: (id: string) => void
  /** Gone without a trace: a hard delete, or an emptied bin. */
  readonly purge: (id: string) => void
  /** The losers go into the bin and name their winner. */
  readonly merge: (winner: string, ...losers: readonly string[]) => void
}
/** Changes whose stamps are those of their making, and which are seen only once they are committed. */
export interface Transaction extends Changes {
  readonly commit: () => void
  readonly rollback: () => void
}

export interface Table {
  object: SObject
  readonly rows: Map<string, Values>
  next: number
}
/** What a local Salesforce holds: records change here, and a log says what became visible when. */
export interface Store extends Changes {
  readonly clock: Clock
  readonly world: World & { settings: { [name: string]: Value } }
  readonly tables: Map<string, Table>
  readonly log: Logged[]
  /** Counts every change of data or schema: what was rendered before is stale. */
  readonly version: () => number
  readonly transaction: () => Transaction
  /** When the oldest open transaction began. */
  readonly oldestOpen: () => number | undefined
  readonly addField: (object: string, field: Field) => void
  readonly removeField: (object: string, name: string) => void
  /** Another type under the same name; held values stay as they are. */
  readonly retypeField: (object: string, field: Field) => void
}

export const storeOf = (objects: readonly SObject[], start: string): Store => {
  const clock = clockAt(start)
  const tables = new Map(
    objects.map((object): [string, Table] => [object.name, { object, rows: new Map(), next: 1 }]),
  )
  const log: Logged[] = []
  const open = new Set<{ readonly since: number }>()
  let version = 0
  const tableOf = (object: string): Table => {
    const table = tables.get(object)
    if (table === undefined) throw new Error(`the local Salesforce has no object ${object}`)
    return table
  }
  const tableOfId = (id: string): Table => {
    for (const table of tables.values()) if (id.startsWith(table.object.keyPrefix)) return table
    throw new Error(`the local Salesforce has no object for the id ${id}`)
  }
  const has = (table: Table, name: string): boolean =>
    table.object.fields.some((field) => field.name === name)
  const stamps = (table: Table, names: readonly string[], stamp: string): Values =>
    Object.fromEntries(names.filter((name) => has(table, name)).map((name) => [name, stamp]))

  const show = (table: Table, id: string, kind: ChangeKind, stamp: string, change: Values): void => {
    version++
    const values = { ...table.rows.get(id), ...change }
    if (kind === 'purge') table.rows.delete(id)
    else table.rows.set(id, values)
    log.push({ object: table.object.name, id, kind, stamp, visibleAt: stampOf(clock.now()), values })
  }

  // Each change is stamped when it is made; `later` says when it is seen.
  const changes = (later: (show: () => void) => void): Changes => {
    const change = (id: string, kind: ChangeKind, values: Values): void => {
      const table = tableOfId(id)
      if (kind === 'update' && table.rows.get(id)?.['IsDeleted'] === true)
        throw new Error(`ENTITY_IS_DELETED: ${id} is in the recycle bin`)
      const stamp = stampOf(clock.now())
      const all = { ...values, ...stamps(table, ['SystemModstamp', 'LastModifiedDate'], stamp) }
      later(() => show(table, id, kind, stamp, all))
    }
    return {
      insert: (object, values = {}) => {
        const table = tableOf(object)
        const stamp = stampOf(clock.now())
        const id = idOf(table.object.keyPrefix, table.next++)
        const fixed = {
          Id: id,
          ...(has(table, 'IsDeleted') ? { IsDeleted: false } : {}),
          ...stamps(table, ['CreatedDate', 'SystemModstamp', 'LastModifiedDate'], stamp),
        }
        later(() => show(table, id, 'insert', stamp, { ...values, ...fixed }))
        return id
      },
      update: (id, values) => change(id, 'update', values),
      delete: (id) => change(id, 'delete', { IsDeleted: true }),
      undelete: (id) => change(id, 'undelete', { IsDeleted: false }),
      purge: (id) => change(id, 'purge', {}),
      merge: (winner, ...losers) => {
        for (const id of losers) change(id, 'merge', { IsDeleted: true, MasterRecordId: winner })
        change(winner, 'update', {})
      },
    }
  }

  const setFields = (object: string, of: (fields: readonly Field[]) => readonly Field[]): void => {
    const table = tableOf(object)
    version++
    table.object = { ...table.object, fields: of(table.object.fields) }
  }

  const world = { now: clock.now, settings: {} as { [name: string]: Value } }
  return {
    clock,
    world,
    tables,
    log,
    version: () => version,
    ...changes((show) => show()),
    transaction: () => {
      const waiting: (() => void)[] = []
      const mine = { since: clock.now() }
      open.add(mine)
      const end = (): void => {
        open.delete(mine)
      }
      return {
        ...changes((show) => waiting.push(show)),
        rollback: end,
        commit: () => {
          end()
          for (const show of waiting) show()
        },
      }
    },
    oldestOpen: () => (open.size === 0 ? undefined : Math.min(...[...open].map(({ since }) => since))),
    addField: (object, field) => setFields(object, (fields) => [...fields, field]),
    removeField: (object, name) =>
      setFields(object, (fields) => fields.filter((field) => field.name !== name)),
    retypeField: (object, field) =>
      setFields(object, (fields) => fields.map((each) => (each.name === field.name ? field : each))),
  }
}
