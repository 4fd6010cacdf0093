// The demo's Salesforce: a local server with some leads that change while they are read, and the accidents
// that real orgs have.
import { faults, localSalesforce, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'

const names = [
  'Ada Abel',
  'Ben Brandt',
  'Chen Costa',
  'Dana Dietz',
  'Elif Eriksen',
  'Femi Fuchs',
  'Greta Garcia',
  'Hugo Horn',
  'Ines Ito',
  'Jan Jansen',
  'Kaya Kim',
  'Lars Lopez',
]
const cities = ['Berlin', 'Porto', 'Lyon', 'Oslo']

/** Something that happens between two runs: what, how the run after it shows it, and the doing. */
interface Happening {
  readonly what: string
  readonly shows: string
  readonly happen: () => void
}

export interface Crm {
  readonly server: LocalSalesforce
  readonly ids: readonly string[]
  readonly happenings: readonly Happening[]
}

const hour = 3_600

export const crm = async (count: number): Promise<Crm> => {
  const server = await localSalesforce()
  const ids = Array.from({ length: count }, (_, n) =>
    server.insert('Lead', {
      Name: names[n % names.length] as string,
      Email: `${(names[n % names.length] as string).toLowerCase().replace(' ', '.')}.${n}@example.org`,
      Status: 'Open',
      AnnualRevenue: `${(n * 7919) % 90_000}.50`,
      City: cities[n % cities.length] as string,
    }),
  )
  const id = (n: number): string => ids[n] as string
  let waiting: ReturnType<LocalSalesforce['transaction']> | undefined
  let nameless = ''
  return {
    server,
    ids,
    happenings: [
      {
        what: 'three leads change, one of them twice',
        shows: 'only they are read',
        happen: () => {
          server.update(id(0), { Status: 'Working', City: 'Graz' })
          server.update(id(1), { AnnualRevenue: '250000.00' })
          server.clock.advance(2)
          server.update(id(0), { Status: 'Converted' })
          server.update(id(2), { Email: 'chen@elsewhere.org' })
        },
      },
      {
        what: 'a long transaction changes a lead, and is not committed; meanwhile another lead changes',
        shows: 'the run waits for it: what is stamped behind its beginning is left for later',
        happen: () => {
          waiting = server.transaction()
          waiting.update(id(3), { Status: 'Working' })
          server.clock.advance(30)
          server.update(id(4), { City: 'Linz' })
        },
      },
      {
        what: 'the transaction is committed, late',
        shows: 'the lead it changed, and the one that waited behind it',
        happen: () => waiting?.commit(),
      },
      {
        what: 'a lead is deleted, one is merged into another, and the access token expires',
        shows: 'two leads end, the winner only has a new stamp (a duplicate); one more login',
        happen: () => {
          server.delete(id(5))
          server.merge(id(6), id(7))
          server.faults.add(faults.sessionExpired)
        },
      },
      {
        what: 'a formula changes for every lead, without touching a stamp; an hour passes',
        shows: 'formulas are read again each hour, and all have changed',
        happen: () => {
          server.world.settings['rate'] = 2
          server.clock.advance(hour)
        },
      },
      {
        what: 'another hour passes, and nothing changes',
        shows: 'all are read again, and all are duplicates',
        happen: () => server.clock.advance(hour),
      },
      {
        what: 'a lead comes without the name that every lead should have; another one changes',
        shows: 'the broken record goes to quarantine, the rest is stored',
        happen: () => {
          nameless = server.insert('Lead', { Email: 'mallory@example.org', Status: 'Open', City: 'Nowhere' })
          server.update(id(8), { City: 'Graz' })
        },
      },
      {
        what: 'it gets its name',
        shows: 'now it is a lead',
        happen: () => server.update(nameless, { Name: 'Mallory Moss' }),
      },
    ],
  }
}
