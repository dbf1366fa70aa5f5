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

package facade

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/hyperfleet-io/hyperfleet/internal/fairness"
	"github.com/hyperfleet-io/hyperfleet/internal/fleet"
	"github.com/hyperfleet-io/hyperfleet/internal/replica"
)

// withTurns returns a Server that has nothing but that many turns.
func withTurns(number int) *Server {
	return &Server{replica: &replica.Replica{Turns: fairness.NewTurns(number)}}
}

// TestLargeBodiesAreCompressedInTurns compresses bodies while another caller has the only turn.
// Large bodies wait for it, and arrive complete.
func TestLargeBodiesAreCompressedInTurns(t *testing.T) {
	for name, c := range map[string]struct {
		pieces   []int // lengths
		gzipped  bool
		wantWait bool
	}{
		"small":            {pieces: []int{1, bodyBuffer - 1}, gzipped: true},
		"large":            {pieces: []int{10, 3 * bodyBuffer, 20}, gzipped: true, wantWait: true},
		"many small ones":  {pieces: []int{bodyBuffer / 3, bodyBuffer / 3, bodyBuffer / 3, bodyBuffer / 3}, gzipped: true, wantWait: true},
		"large as it is":   {pieces: []int{3 * bodyBuffer}},
		"a byte too large": {pieces: []int{bodyBuffer + 1}, gzipped: true, wantWait: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := withTurns(1)
				taken, err := s.replica.Turns.Take(fairness.WithCaller(t.Context(), "other"), time.Second)
				if err != nil {
					t.Fatal(err)
				}
				var want []byte
				random := rand.NewChaCha8([32]byte{}) // does not compress
				for _, length := range c.pieces {
					piece := make([]byte, length)
					if _, err := random.Read(piece); err != nil {
						t.Fatal(err)
					}
					want = append(want, piece...)
				}
				response := httptest.NewRecorder()
				ended := false
				go func() {
					s.writeBody(response, httptest.NewRequest("GET", "/", nil), len(want), c.gzipped, func(to io.Writer) {
						rest := want
						for _, length := range c.pieces {
							_, _ = to.Write(rest[:length])
							rest = rest[length:]
						}
					})
					ended = true
				}()
				synctest.Wait()
				if ended == c.wantWait {
					t.Errorf("The body was written: %t, want %t", ended, !c.wantWait)
				}
				taken.Done()
				synctest.Wait()
				got := response.Body.Bytes()
				if c.gzipped {
					z, err := gzip.NewReader(response.Body)
					if err != nil {
						t.Fatal(err)
					}
					if got, err = io.ReadAll(z); err != nil {
						t.Fatal(err)
					}
				}
				if !ended || !bytes.Equal(got, want) {
					t.Errorf("Ended: %t, with %d bytes, want these %d", ended, len(got), len(want))
				}
				if _, err := s.replica.Turns.Take(t.Context(), 0); err != nil {
					t.Errorf("Is the turn free? %v", err)
				}
			})
		})
	}
}

// TestLargeProjectionsTakeTurns reads pages for some of their fields.
func TestLargeProjectionsTakeTurns(t *testing.T) {
	s := withTurns(1)
	small := []*fleet.Row{largeCluster(1, "x"), largeCluster(2, "y")}
	large := append(slices.Clone(small), largeCluster(3, strings.Repeat("z", bodyBuffer)))
	gone, cancel := context.WithCancel(fairness.WithCaller(t.Context(), "gone"))
	cancel()
	project := func(rows []*fleet.Row) error {
		projected, err := s.projected(gone, rows, []string{"name"})
		if err == nil && (len(projected) != len(rows) || string(projected[0].JSON) != `{"name":"cluster-1"}`) {
			t.Errorf("%d rows, the first of which is %s", len(projected), projected[0].JSON)
		}
		return err
	}
	if err := project(large); err != nil {
		t.Errorf("With a free turn: %v", err)
	}
	taken, err := s.replica.Turns.Take(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Done()
	if err := project(small); err != nil {
		t.Errorf("A small page: %v", err)
	}
	if err := project(large); !errors.Is(err, context.Canceled) {
		t.Errorf("Without a turn: got error %v, want %v", err, context.Canceled)
	}
}
