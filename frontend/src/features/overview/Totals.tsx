import { useModel } from '../../state/hooks';
import { Tile, Tiles } from '../../components/Tiles';

/** How many servers there are, and how many of them need a look. */
export function Totals() {
  const servers = useModel((model) => model.servers);
  const firing = useModel((model) => model.alerts.length);
  const enabled = servers.filter(({ state }) => state !== 'disabled');
  const up = enabled.filter(({ state }) => state === 'up').length;
  const notUp = enabled.length - up;
  return (
    <Tiles label="Totals">
      <Tile
        name="Servers"
        value={servers.length}
        note={servers.length > enabled.length ? `${servers.length - enabled.length} disabled` : undefined}
      />
      <Tile name="Up" value={up} />
      <Tile name="Not up" value={notUp} tone={notUp > 0 ? 'warn' : undefined} />
      <Tile name="Firing alerts" value={firing} tone={firing > 0 ? 'bad' : undefined} />
    </Tiles>
  );
}
