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
	"math"

	"github.com/go-analyze/charts"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/svg"
)

const mediaType = "image/svg+xml"

// The picture in pixels. Grafana's grid has 24 columns.
const (
	width      = 1320
	column     = width / 24
	unit       = 27 // height of a row of the grid
	gap        = 8
	inset      = 10 // between the frame of a panel and its content
	lineHeight = 15 // height of a line of a legend
)

// Sizes of fonts, in points of 96 dpi.
const (
	small  = 8.5
	normal = 10
	large  = 22
)

// The colors have their own background, so that the picture is readable on pages of any
// color.
var (
	page    = charts.ColorFromHex("#f4f5f5")
	paper   = charts.ColorFromHex("#ffffff")
	frame   = charts.ColorFromHex("#d5d8dc")
	text    = charts.ColorFromHex("#24292e")
	muted   = charts.ColorFromHex("#57606a")
	grid    = charts.ColorFromHex("#e7e9eb")
	palette = []charts.Color{
		charts.ColorFromHex("#3b82c4"), charts.ColorFromHex("#e08a2c"), charts.ColorFromHex("#4a9c54"), charts.ColorFromHex("#c4473a"),
		charts.ColorFromHex("#8a63b8"), charts.ColorFromHex("#8c6d46"), charts.ColorFromHex("#d070a8"), charts.ColorFromHex("#6b7280"),
		charts.ColorFromHex("#a8a428"), charts.ColorFromHex("#2ba3b4"),
	}
	named = map[string]charts.Color{
		"text": text, "green": charts.ColorFromHex("#2f8f46"), "orange": charts.ColorFromHex("#d97706"), "red": charts.ColorFromHex("#c4302b"),
	}
)

// draw returns the panels as SVG, each in its place of the grid.
func draw(results []result) ([]byte, error) {
	rows := 0
	for _, r := range results {
		rows = max(rows, r.GridPos.Y+r.GridPos.H)
	}
	canvas := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: width + gap, Height: rows*unit + gap})
	canvas.FilledRect(0, 0, width+gap, rows*unit+gap, page, page, 0)
	for _, r := range results {
		g := r.GridPos
		box := charts.NewBox(g.X*column+gap, g.Y*unit+gap, (g.X+g.W)*column, (g.Y+g.H)*unit)
		p := canvas.Child(charts.PainterBoxOption(box))
		if r.Type == "row" {
			p.Text(r.Title, 2, 15, 0, written(normal+1, text))
			continue
		}
		p.FilledRect(0, 0, p.Width(), p.Height(), paper, frame, 1)
		p.Text(r.Title, inset, 18, 0, written(normal, text))
		if r.Type == "stat" {
			drawStat(p, r)
			continue
		}
		if err := drawSeries(p, r); err != nil {
			return nil, fmt.Errorf("panel %q: %w", r.Title, err)
		}
	}
	picture, err := canvas.Bytes()
	if err != nil {
		return nil, err
	}
	smaller := minify.New()
	smaller.AddFunc(mediaType, (&svg.Minifier{Precision: 4}).Minify)
	smaller.AddFunc("text/css", css.Minify)
	return smaller.Bytes(mediaType, picture)
}

// written is the style of text. The library measures only text that has a color.
func written(size float64, color charts.Color) charts.FontStyle {
	return charts.FontStyle{FontSize: size, FontColor: color}
}

// drawStat draws a number in the color of its threshold.
func drawStat(p *charts.Painter, r result) {
	style := written(large, text)
	for _, step := range r.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value == nil || r.value >= *step.Value {
			style.FontColor = named[step.Color]
		}
	}
	value := format(r.FieldConfig.Defaults.Unit, r.value)
	box := p.MeasureText(value, 0, style)
	p.Text(value, (p.Width()-box.Width())/2, (p.Height()+box.Height())/2+inset, 0, style)
}

// drawSeries draws lines over time, and their legend below.
func drawSeries(p *charts.Painter, r result) error {
	lines := layLegend(p, r.series)
	below := len(lines)*lineHeight + inset
	chart := p.Child(charts.PainterPaddingOption(charts.NewBox(inset, 30, inset, below)))
	option := charts.NewLineChartOptionWithData(values(r.series))
	option.Theme = charts.GetTheme(charts.ThemeLight).WithSeriesColors(palette).WithBackgroundColor(paper).WithAxisSplitLineColor(grid)
	option.Padding = charts.NewBox(0, 0, 4, 0)
	option.Legend.Show = charts.Ptr(false)
	option.Symbol.Shape = charts.SymbolNone
	option.LineStrokeWidth = 1.5
	style := written(small, muted)
	option.XAxis.LabelFontStyle, option.XAxis.BoundaryGap, option.XAxis.LabelCount = style, charts.Ptr(false), 4
	option.XAxis.Labels = nil // instead of numbers
	for _, at := range r.times {
		option.XAxis.Labels = append(option.XAxis.Labels, at.UTC().Format("15:04"))
	}
	stacked := r.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	if stacked {
		option.StackSeries = charts.Ptr(true)
	}
	top, steps := r.axis(stacked)
	option.YAxis = []charts.YAxisOption{{
		Min: charts.Ptr(0.0), Max: &top, LabelCount: steps + 1, PreferNiceIntervals: charts.Ptr(false), LabelFontStyle: style, SplitLineShow: charts.Ptr(true),
		ValueFormatter: func(value float64) string { return format(r.FieldConfig.Defaults.Unit, value) },
	}}
	if err := chart.LineChart(option); err != nil {
		return err
	}
	drawLegend(p, lines, p.Height()-below+lineHeight/2)
	return nil
}

// axis returns the highest value of an axis from zero, and the number of its steps.
func (r *result) axis(stacked bool) (top float64, steps int) {
	for at := range r.times {
		sum := 0.0
		for _, s := range r.series {
			value := s.values[at]
			if math.IsNaN(value) || math.IsInf(value, 0) {
				continue
			}
			sum += value
			top = max(top, value)
		}
		if stacked {
			top = max(top, sum)
		}
	}
	return roundUp(r.FieldConfig.Defaults.Unit, top)
}

// values returns the values of the series, with the library's null value for missing
// ones.
func values(all []series) [][]float64 {
	values := make([][]float64, len(all))
	for i, s := range all {
		values[i] = make([]float64, len(s.values))
		for at, value := range s.values {
			if math.IsNaN(value) || math.IsInf(value, 0) {
				value = charts.GetNullValue()
			}
			values[i][at] = value
		}
	}
	return values
}
