//! What takes place when: `when`, `from`, `to`.

use jiff::Timestamp;

use crate::collection::{Collection, Item, Items};
use crate::when::When;

/// Which part of time is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// What has not ended, begun or not.
    Upcoming,
    /// What has begun and not ended.
    Ongoing,
    /// What has ended.
    Past,
    /// Everything.
    All,
}

impl Moment {
    /// Each by its name.
    pub const NAMES: [(&str, Self); 4] =
        [("upcoming", Self::Upcoming), ("ongoing", Self::Ongoing), ("past", Self::Past), ("all", Self::All)];
}

/// A part of time; the default is all of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Window {
    pub(super) moment: Option<Moment>,
    pub(super) from: Option<When>,
    pub(super) to: Option<When>,
}

impl Window {
    /// Whether an item takes place within. Its end is exclusive: at that instant it is over.
    pub(super) fn contains<C: Collection>(&self, item: &Item<C>, now: Timestamp) -> bool {
        if *self == Self::default() {
            return true;
        }
        let Some((start, end)) = item.model.span() else { return false };
        let over = end <= now && start < now;
        (match self.moment {
            None | Some(Moment::All) => true,
            Some(Moment::Upcoming) => !over,
            Some(Moment::Ongoing) => start <= now && !over,
            Some(Moment::Past) => over,
        }) && self.from.as_ref().is_none_or(|from| end > from.instant() || start >= from.instant())
            && self.to.as_ref().is_none_or(|to| start < to.end())
    }

    /// The next instant after `now` at which something begins or ends.
    pub(super) fn changes_at<C: Collection>(&self, items: &Items<C>, now: Timestamp) -> Option<Timestamp> {
        if matches!(self.moment, None | Some(Moment::All)) {
            return None;
        }
        let spans = items.list().iter().filter_map(|item| item.model.span());
        spans.flat_map(|(start, end)| [start, end]).filter(|at| *at > now).min()
    }
}
