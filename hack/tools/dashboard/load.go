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
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// stuck is the name of the cluster that an adapter never finalizes, and broken the label
// of the clusters that an adapter cannot serve.
const (
	stuck  = "eu-stuck"
	broken = "broken"
)

// load is the work of users and adapters on a fleet.
type load struct {
	api      *client
	duration time.Duration
	random   *rand.Rand // of the users, who take turns
}

func newLoad(address string, duration time.Duration) *load {
	return &load{api: newClient(address), duration: duration, random: rand.New(rand.NewPCG(1, 1))} //nolint:gosec // nobody must be unable to guess it
}

// run runs users and adapters until the duration is over.
func (l *load) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	var working sync.WaitGroup
	for name, every := range map[string]time.Duration{"validator": time.Second, "dns": 1500 * time.Millisecond, "pullsecret": 2 * time.Second} {
		a := &adapter{api: l.api, name: name, reported: map[string]last{}}
		working.Go(func() { repeat(ctx, every, a.round) })
	}
	working.Go(func() { repeat(ctx, 40*time.Millisecond, l.read) })
	repeat(ctx, time.Second, l.write)
	working.Wait()
	return l.api.fault()
}

// repeat calls work at an interval until the context ends.
func repeat(ctx context.Context, every time.Duration, work func(ctx context.Context, round int)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for round := 0; ; round++ {
		work(ctx, round)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// write makes the writes of a user in one second: the fleet grows, then it changes.
func (l *load) write(ctx context.Context, round int) {
	const growing = 60
	switch {
	case round == 5:
		l.create(ctx, stuck, 0, nil)
	case round == 30:
		if found := l.api.list(ctx, "clusters", "name = '"+stuck+"'"); len(found) == 1 {
			l.api.do(ctx, http.MethodDelete, found[0].Href, nil)
		}
	case round < growing, round%7 == 0:
		labels := map[string]string{"environment": []string{"production", "stage", "dev"}[round%3]}
		if round%9 == 4 {
			labels[broken] = "yes"
		}
		l.create(ctx, fmt.Sprintf("eu-%03d", round), 1+round%3, labels)
	case round%7 == 3:
		if found := l.some(ctx); found != nil {
			l.api.do(ctx, http.MethodDelete, found.Href, nil)
		}
	default:
		if found := l.some(ctx); found != nil {
			l.api.do(ctx, http.MethodPatch, found.Href, map[string]any{"spec": map[string]any{"release": fmt.Sprintf("4.%d", round)}})
		}
	}
}

func (l *load) create(ctx context.Context, name string, pools int, labels map[string]string) {
	created := l.api.do(ctx, http.MethodPost, "/clusters", map[string]any{
		"kind": "Cluster", "name": name, "labels": labels, "spec": map[string]any{"release": "4.20", "region": "eu-west"},
	})
	for pool := range pools {
		l.api.do(ctx, http.MethodPost, created.Href+"/nodepools", map[string]any{
			"kind": "NodePool", "name": fmt.Sprintf("pool-%d", pool), "spec": map[string]any{"replicas": 3},
		})
	}
}

// some returns a cluster that is not being deleted, nil if there is none.
func (l *load) some(ctx context.Context) *resource {
	found := l.api.list(ctx, "clusters", "labels.environment != 'none'")
	if len(found) == 0 {
		return nil
	}
	if r := found[l.random.IntN(len(found))]; r.DeletedTime == "" {
		return &r
	}
	return nil
}

// searches are the requests of readers, in turn. The last two are mistakes.
var searches = []string{
	"/clusters?size=50", "/clusters?search=" + url.QueryEscape("status.conditions.Ready = 'False'"), "/nodepools?size=100",
	"/clusters?search=" + url.QueryEscape("labels.environment = 'production'"), "/clusters?size=20&page=2",
	"/clusters?search=" + url.QueryEscape("name ="), "/clusters/20000000000000000000000000",
}

// read is one request of a reader. Readers come in waves.
func (l *load) read(ctx context.Context, round int) {
	if round%400 < 250 || round%3 == 0 {
		l.api.do(ctx, http.MethodGet, searches[round%len(searches)], nil)
	}
}
