#include "by_hand.hpp"
#include "system.hpp"
