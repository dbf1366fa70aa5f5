/*
Copyright 2026 The HyperFleet Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package main

import (
	"fmt"

	"github.com/go-analyze/charts"
)

// maxLines is the maximum number of lines of a legend. Grafana scrolls longer legends.
const maxLines = 4

const swatch = 14 // width of the line before a name

// entry is a name in a legend, at a distance from the left.
type entry struct {
	name  string
	color *charts.Color // nil for the number of further series
	left  int
}

// layLegend breaks the names of the series into lines.
func layLegend(p *charts.Painter, all []series) (lines [][]entry) {
	left := p.Width()
	for i, s := range all {
		name := s.name
		needed := swatch + measure(p, name) + inset
		if left+needed > p.Width()-inset/2 {
			if len(lines) == maxLines {
				lines[maxLines-1] = cut(p, lines[maxLines-1], len(all)-i)
				return lines
			}
			lines = append(lines, nil)
			left = inset
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], entry{name: name, color: &palette[i%len(palette)], left: left})
		left += needed
	}
	return lines
}

// cut replaces the end of a line by the number of series that the legend does not name.
func cut(p *charts.Painter, line []entry, more int) []entry {
	for {
		last := line[len(line)-1]
		name := fmt.Sprintf("and %d more", more)
		left := last.left + swatch + measure(p, last.name) + inset
		if left+measure(p, name) <= p.Width()-inset || len(line) == 1 {
			return append(line, entry{name: name, left: left})
		}
		line = line[:len(line)-1]
		more++
	}
}

// measure returns the width of a name. Browsers have wider fonts than the library's.
func measure(p *charts.Painter, name string) int {
	return p.MeasureText(name, 0, written(small, muted)).Width() * 9 / 8
}

func drawLegend(p *charts.Painter, lines [][]entry, top int) {
	for i, entries := range lines {
		base := top + i*lineHeight
		for _, e := range entries {
			left := e.left
			if e.color != nil {
				p.LineStroke([]charts.Point{{X: left, Y: base - 3}, {X: left + swatch - 4, Y: base - 3}}, *e.color, 2.5)
				left += swatch
			}
			p.Text(e.name, left, base, 0, written(small, muted))
		}
	}
}
