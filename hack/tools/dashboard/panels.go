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
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// dashboard contains the parts of a Grafana dashboard that a picture shows.
type dashboard struct {
	Title  string
	Panels []panel
}

type panel struct {
	Type        string // row, stat or timeseries
	Title       string
	GridPos     struct{ X, Y, W, H int }
	Targets     []target
	FieldConfig struct{ Defaults defaults }
}

type target struct{ Expr, LegendFormat string }

type defaults struct {
	Unit       string
	Thresholds struct{ Steps []step }
	Custom     struct {
		FillOpacity int
		Stacking    struct{ Mode string }
	}
}

// step is the color of values from a threshold on; the first one has none.
type step struct {
	Value *float64
	Color string
}

func readDashboard(file string) (*dashboard, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	board := &dashboard{}
	if err := json.Unmarshal(content, board); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	for _, p := range board.Panels {
		if p.Type != "row" && p.Type != "stat" && p.Type != "timeseries" {
			return nil, fmt.Errorf("%s: the panel %q is a %s, which cannot be drawn", file, p.Title, p.Type)
		}
	}
	return board, nil
}

var variable = regexp.MustCompile(`\$[a-z_]+`)

// fill replaces the variables of a query or title.
func fill(text string, variables map[string]string) (string, error) {
	var missing []string
	filled := variable.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := variables[name[1:]]
		if !ok {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("%q has the unknown variables %q", text, missing)
	}
	return filled, nil
}

var label = regexp.MustCompile(`\{\{ *([a-zA-Z0-9_]+) *\}\}`)

// legend returns the name of a series from its labels and its format.
func legend(format string, labels map[string]string) string {
	return strings.TrimSpace(label.ReplaceAllStringFunc(format, func(found string) string {
		return labels[label.FindStringSubmatch(found)[1]]
	}))
}
