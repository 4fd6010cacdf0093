// The demo's Salesforce: a local server with some leads that change while they are read, and the accidents that real orgs have.
import { faults, localSalesforce, type LocalSalesforce } from 'dreampipe/adapters/salesforce/testing'

const names = ['Ada Abel', 'Ben Brandt', 'Chen Costa', 'Dana Dietz', 'Elif Eriksen', 'Femi Fuchs', 'Greta Garcia', 'Hugo Horn', 'Ines Ito', 'Jan Jansen', 'Kaya Kim', 'Lars Lopez']
const cities = ['Berlin', 'Porto', 'Lyon', 'Oslo']

export interface Crm {
  readonly server: LocalSalesforce
  readonly ids: readonly string[]
  /** What happens between two runs, in order; each says what it did. */
  readonly happenings: readonly (readonly [what: string, happen: () => void])[]
}

export const crm = async (count: number): Promise<Crm> => {
  const server = await localSalesforce()
  const ids = Array.from({ length: count }, (_, n) => server.insert('Lead', {
    Name: names[n % names.length] as string, Email: `${(names[n % names.length] as string).toLowerCase().replace(' ', '.')}.${n}@example.org`, Status: 'Open', AnnualRevenue: `${(n * 7919) % 90_000}.50`, City: cities[n % cities.length] as string,
  }))
  const id = (n: number): string => ids[n] as string
  let waiting: ReturnType<LocalSalesforce['transaction']> | undefined
  return {
    server, ids,
    happenings: [
      ['three leads change, one of them twice', () => {
        server.update(id(0), { Status: 'Working', City: 'Graz' })
        server.update(id(1), { AnnualRevenue: '250000.00' })
        server.clock.advance(2)
        server.update(id(0), { Status: 'Converted' })
        server.update(id(2), { Email: 'chen@elsewhere.org' })
      }],
      ['a long transaction changes a lead, and is not committed yet', () => {
        waiting = server.transaction()
        waiting.update(id(3), { Status: 'Working' })
        server.clock.advance(30)
        server.update(id(4), { City: 'Linz' })
      }],
      ['it is committed late: its stamp lies before what was seen already', () => waiting?.commit()],
      ['a lead is deleted, two are merged, and the access token expires', () => {
        server.delete(id(5))
        server.merge(id(6), id(7))
        server.faults.add(faults.sessionExpired)
      }],
      ['a formula changes for everybody, without touching a stamp', () => { server.world.settings['rate'] = 2 }],
      ['a lead comes without the name that every lead should have', () => {
        server.insert('Lead', { Email: 'mallory@example.org', Status: 'Open', City: 'Nowhere' })
      }],
    ],
  }
}
