package keytable

// Stats describes a table.
type Stats struct {
	Busy    int    // keys whose bucket is not full, estimated from a sample
	Crowded uint64 // calls of keys that found no room and shared the overflow
	Bytes   int    // memory of the table
}

// sampled is how many lines Stats looks at.
const sampled = 1024

// Stats describes t at the time now.
func (t *Table) Stats(now int64) Stats {
	g := t.current.Load()
	stats := Stats{}
	for i := range g.len() {
		grid := g.at(i)
		stats.Busy = max(stats.Busy, grid.busy(now))
		stats.Bytes += grid.bytes()
	}
	for i := range g.first.stripes {
		s := &g.first.stripes[i]
		s.mu.Lock()
		stats.Crowded += s.crowded
		s.mu.Unlock()
	}
	return stats
}

// busy estimates how many keys have a bucket that is not full.
func (g *grid) busy(now int64) int {
	floor := g.limit.Moment(now).Floor
	busy, seen := 0, 0
	step := max(len(g.lines)/sampled, 1)
	for i := 0; i < len(g.lines); i += step {
		seen++
		for j := range g.lines[i] {
			word := g.lines[i][j].Load()
			if word != 0 && word != moved && unpack(word, floor) > floor {
				busy++
			}
		}
	}
	return busy * len(g.lines) / seen
}
