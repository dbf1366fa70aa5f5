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

// Package fleet is the in-memory view of one collection of objects that answers
// lists and searches: rows by id and by key, ordered views, and posting lists
// per label, condition and scalar field. Every replica of the program holds one
// Index for each of its collections, kept current by package feed.
//
// What a page costs: without a search, next to nothing, however large the fleet
// and wherever the page lies.
//
// A search that is asked for the first time costs one pass over posting lists,
// which grow by a bit for each row. In the default order the page is then found at
// once, wherever it lies. In another order there is the way to it: the rows of an
// ordered view from its nearer end to the page, or the sorting of what matches,
// whichever is less. Some comparisons no index can answer: regular expressions on
// names, paths into free-form objects, reasons of conditions. For these, a search
// looks at each row that the rest of it leaves, after it has let go of the lock,
// within bounds of time and of how many such searches run at once.
//
// A search that is asked again stands: the Index keeps for which rows it is true,
// and whoever asks it tests the rows that have changed since. Then a page costs
// what has changed, whatever the search, however large the fleet, and in any order
// that has been asked twice. Writers only record which rows they change. So
// neither many standing searches nor dear ones slow them down, and one that
// nobody asks any more costs nothing until another takes its place.
//
// What is not here: HTTP and paging parameters, which are the facade's, the rendering
// of objects, which is package rest's, the watches, which are package feed's, and the
// search language, which is package tsl's.
package fleet
